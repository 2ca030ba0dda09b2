// Types that break the order of namespaces on purpose, each in one way: proof that the check sees it. They need several
// namespaces in one file, which nothing else in the repository may have.
#pragma warning disable CA1812, CA1823, CS0169, CS0649, IDE0161

using AutoGuard.Core.Tests.Architecture.Wrong.Pipeline;

namespace AutoGuard.Core.Tests.Architecture.Wrong
{
    internal sealed class NoLayer
    {
        public Events.Fine Use = new();
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Unheard
{
    internal sealed class UnknownLayer
    {
        public Events.Fine Use = new();
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Pipeline
{
    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class Late : Attribute
    {
        public const string Inlined = "";

        public static int Count;

        public static void Run()
        {
        }

        public static void Run<T>()
        {
        }
    }

    internal interface ILate;

    internal enum LateChoice
    {
        One,
    }

    internal struct LateValue
    {
        public int Number;
    }

    internal sealed class LateTable<T>
    {
        public T? Value;
    }

    internal sealed class SeesPorts
    {
        public Guardian.Port? Port;
        public Features.Fine? Fine;
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Guardian
{
    internal sealed class Port
    {
        public Policy.Choice Choice;
    }

    internal sealed class PortSeesPort
    {
        public Reporting.Port? Other;
    }

    internal sealed class PortSeesFeatures
    {
        public Features.Fine? Features;
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Reporting
{
    internal sealed class Port;
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Policy
{
    internal enum Choice
    {
        One,
    }

    internal sealed class Rules;

    internal sealed class SeesPort
    {
        public Guardian.Port? Port;
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Configuration
{
    internal sealed class FineOptions
    {
        public Policy.Choice Choice;
    }

    internal sealed class SeesRules
    {
        public Policy.Rules? Rules;
    }

    internal sealed class SeesEventsEnum
    {
        public Events.Phase Phase;
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Features
{
    internal sealed class Fine
    {
        public Events.Fine? Earlier;
        public Configuration.FineOptions? Options;
    }
}

namespace AutoGuard.Core.Tests.Architecture.Wrong.Events
{
    internal enum Phase
    {
        One,
    }

    internal sealed class Fine
    {
        public static string Text() => Late.Inlined + nameof(Late);
    }

    internal sealed class ByField
    {
        public Late? Field;
    }

    internal sealed class ByGenericField
    {
        public Dictionary<string, LateValue[]>? Field;
    }

    internal abstract class BySignature
    {
        public abstract void Method(ref LateValue value);
    }

    internal sealed class ByInterface : ILate;

    [Late]
    internal sealed class ByAttribute;

    internal static class ByConstraint
    {
        public static void Method<T>(T value)
            where T : ILate => ArgumentNullException.ThrowIfNull(value);
    }

    internal static class ByCall
    {
        public static void Method() => Late.Run();
    }

    internal static class ByGenericCall
    {
        public static int Method() => Array.Empty<LateChoice>().Length;
    }

    internal static class ByStaticField
    {
        public static int Method() => Late.Count;
    }

    internal static class ByTypeTest
    {
        public static bool Method(object value) => value is ILate;
    }

    internal static class ByTypeOf
    {
        public static string Method() => typeof(Late).Name;
    }

    internal static class ByMemberOfGeneric
    {
        public static string Method() => $"{new LateTable<int>().Value}";
    }

    internal static class ByLambda
    {
        public static Action Method() => () => new Late().GetHashCode();
    }

    internal static class ByNested
    {
        internal sealed class Inner
        {
            public Late? Field;
        }
    }

    internal static class ByCodeAfterSwitch
    {
        public static long Method(int value)
        {
            long result = value switch
            {
                0 => 11,
                1 => 5_000_000_000L,
                2 => (long)2.5,
                3 => "text".Length,
                4 => 7,
                _ => throw new ArgumentOutOfRangeException(nameof(value)),
            };
            return result + Late.Count;
        }
    }
}

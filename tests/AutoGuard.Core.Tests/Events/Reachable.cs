using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace AutoGuard.Core.Tests.Events;

/// <summary>Looks through everything an object holds on to.</summary>
internal static class Reachable
{
    /// <summary>How often a run of bytes occurs in the byte arrays and strings reachable from an object.</summary>
    public static int CountBytes(object root, byte[] sought)
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Stack<object> left = new([root]);
        int found = 0;
        while (left.TryPop(out object? next))
        {
            if (!next.GetType().IsValueType && !seen.Add(next))
            {
                continue;
            }
            if (next is byte[] bytes)
            {
                found += bytes.AsSpan().IndexOf(sought) >= 0 ? 1 : 0;
            }
            else if (next is string text)
            {
                found += Encoding.UTF8.GetBytes(text).AsSpan().IndexOf(sought) >= 0 ? 1 : 0;
            }
            else
            {
                Push(next, left);
            }
        }
        return found;
    }

    private static void Push(object holder, Stack<object> left)
    {
        Type type = holder.GetType();
        if (holder is Array array)
        {
            if (!type.GetElementType()!.IsPrimitive)
            {
                foreach (object? element in array)
                {
                    if (element is not null && !element.Equals(type.GetElementType()!.IsValueType ? RuntimeHelpers.GetUninitializedObject(element.GetType()) : null))
                    {
                        left.Push(element);
                    }
                }
            }
            return;
        }
        for (Type? level = type; level is not null && level != typeof(object); level = level.BaseType)
        {
            foreach (FieldInfo field in level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (!field.FieldType.IsPrimitive && !field.FieldType.IsPointer && !field.FieldType.IsEnum && field.GetValue(holder) is { } value)
                {
                    left.Push(value);
                }
            }
        }
    }
}

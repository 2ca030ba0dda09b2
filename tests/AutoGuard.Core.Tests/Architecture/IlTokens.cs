using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace AutoGuard.Core.Tests.Architecture;

/// <summary>Reads the metadata tokens out of a method's code.</summary>
internal static class IlTokens
{
    private const byte TwoByteCode = 0xFE;

    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value, code => code.OperandType);

    public static IEnumerable<int> Read(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == TwoByteCode ? (short)((TwoByteCode << 8) | code[at + 1]) : code[at];
            at += code[at] == TwoByteCode ? 2 : 1;
            OperandType operand = Operands[value];
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok or OperandType.InlineSig)
            {
                yield return BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
            }
            at += Length(operand, code, at);
        }
    }

    private static int Length(OperandType operand, byte[] code, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at))),
        _ => 4,
    };
}

using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace AutoGuard.Core.Tests.Architecture;

/// <summary>
/// Finds which types of an assembly use which others of it: bases, interfaces, constraints, attributes, fields, signatures,
/// local variables, handlers, and every type, field and method that the code of a method names.
/// </summary>
internal sealed class TypeUseScanner
{
    private readonly MetadataReader _metadata;
    private readonly PEReader _image;
    private readonly HashSet<TypeDefinitionHandle> _used = [];
    private readonly SignatureTypes _signatures;

    private TypeUseScanner(PEReader image)
    {
        _image = image;
        _metadata = image.GetMetadataReader();
        _signatures = new SignatureTypes(_used);
    }

    public static IReadOnlyCollection<TypeUse> Scan(string assemblyPath)
    {
        using PEReader image = new(File.OpenRead(assemblyPath));
        return new TypeUseScanner(image).ScanAll();
    }

    private HashSet<TypeUse> ScanAll()
    {
        HashSet<TypeUse> uses = [];
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            _used.Clear();
            ScanType(_metadata.GetTypeDefinition(handle));
            TypeDefinition from = Outermost(handle);
            foreach (TypeDefinitionHandle used in _used)
            {
                TypeDefinition to = Outermost(used);
                TypeUse use = new(Text(from.Namespace), Text(from.Name), Text(to.Namespace), Text(to.Name), IsEnum(_metadata.GetTypeDefinition(used)));
                if ((use.FromNamespace, use.From) != (use.ToNamespace, use.To))
                {
                    uses.Add(use);
                }
            }
        }
        return uses;
    }

    private void ScanType(TypeDefinition type)
    {
        Use(type.BaseType);
        Attributes(type.GetCustomAttributes());
        Constraints(type.GetGenericParameters());
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            Use(_metadata.GetInterfaceImplementation(handle).Interface);
        }
        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = _metadata.GetFieldDefinition(handle);
            field.DecodeSignature(_signatures, null);
            Attributes(field.GetCustomAttributes());
        }
        foreach (PropertyDefinitionHandle handle in type.GetProperties())
        {
            Attributes(_metadata.GetPropertyDefinition(handle).GetCustomAttributes());
        }
        foreach (EventDefinitionHandle handle in type.GetEvents())
        {
            Attributes(_metadata.GetEventDefinition(handle).GetCustomAttributes());
        }
        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            ScanMethod(_metadata.GetMethodDefinition(handle));
        }
    }

    private void ScanMethod(MethodDefinition method)
    {
        method.DecodeSignature(_signatures, null);
        Attributes(method.GetCustomAttributes());
        Constraints(method.GetGenericParameters());
        foreach (ParameterHandle handle in method.GetParameters())
        {
            Attributes(_metadata.GetParameter(handle).GetCustomAttributes());
        }
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }
        MethodBodyBlock body = _image.GetMethodBody(method.RelativeVirtualAddress);
        Use(body.LocalSignature);
        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Use(region.CatchType);
        }
        foreach (int token in IlTokens.Read(body.GetILBytes() ?? []))
        {
            Use(MetadataTokens.EntityHandle(token));
        }
    }

    private void Use(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _used.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.FieldDefinition:
                FieldDefinition field = _metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                _used.Add(field.GetDeclaringType());
                field.DecodeSignature(_signatures, null);
                break;
            case HandleKind.MethodDefinition:
                MethodDefinition method = _metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                _used.Add(method.GetDeclaringType());
                method.DecodeSignature(_signatures, null);
                break;
            case HandleKind.MemberReference:
                UseMember(_metadata.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification generic = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                generic.DecodeSignature(_signatures, null);
                Use(generic.Method);
                break;
            case HandleKind.StandaloneSignature:
                UseSignature(_metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle));
                break;
            case HandleKind.TypeReference:
                // A type of another assembly.
                break;
            default:
                throw new NotSupportedException($"A {handle.Kind} where a type or member belongs");
        }
    }

    private void UseMember(MemberReference member)
    {
        Use(member.Parent);
        if (member.GetKind() == MemberReferenceKind.Field)
        {
            member.DecodeFieldSignature(_signatures, null);
        }
        else
        {
            member.DecodeMethodSignature(_signatures, null);
        }
    }

    private void UseSignature(StandaloneSignature signature)
    {
        if (signature.GetKind() == StandaloneSignatureKind.LocalVariables)
        {
            signature.DecodeLocalSignature(_signatures, null);
        }
        else
        {
            signature.DecodeMethodSignature(_signatures, null);
        }
    }

    private void Attributes(CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
        {
            Use(_metadata.GetCustomAttribute(handle).Constructor);
        }
    }

    private void Constraints(GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterHandle parameter in parameters)
        {
            foreach (GenericParameterConstraintHandle handle in _metadata.GetGenericParameter(parameter).GetConstraints())
            {
                Use(_metadata.GetGenericParameterConstraint(handle).Type);
            }
        }
    }

    private TypeDefinition Outermost(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = _metadata.GetTypeDefinition(type.GetDeclaringType());
        }
        return type;
    }

    private bool IsEnum(TypeDefinition type) =>
        type.BaseType.Kind == HandleKind.TypeReference
        && _metadata.GetTypeReference((TypeReferenceHandle)type.BaseType) is var parent
        && Text(parent.Namespace) == "System" && Text(parent.Name) == "Enum";

    private string Text(StringHandle handle) => _metadata.GetString(handle);

    /// <summary>Adds the assembly's own types that occur in signatures to a set.</summary>
    private sealed class SignatureTypes(HashSet<TypeDefinitionHandle> used) : ISignatureTypeProvider<bool, object?>
    {
        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => used.Add(handle);

        public bool GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => false;

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => false;

        public bool GetGenericTypeParameter(object? genericContext, int index) => false;

        public bool GetGenericMethodParameter(object? genericContext, int index) => false;

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => false;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => false;

        public bool GetArrayType(bool elementType, ArrayShape shape) => false;

        public bool GetSZArrayType(bool elementType) => false;

        public bool GetByReferenceType(bool elementType) => false;

        public bool GetPointerType(bool elementType) => false;

        public bool GetPinnedType(bool elementType) => false;

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => false;
    }
}

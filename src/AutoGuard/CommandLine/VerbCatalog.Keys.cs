using System.CommandLine;
using AutoGuard.Guardian.Api;

namespace AutoGuard.CommandLine;

internal sealed partial class VerbCatalog
{
    private const int LongestOrganization = 128;

    private static readonly string[] Roles = [.. Enum.GetValues<ApiRole>().Select(ApiKeys.NameOf)];

    private Command Keys()
    {
        Option<bool> json = new("--json") { Description = "One JSON object a line instead of a table." };
        Command list = new("list", "List the keys in force; their texts are not kept.") { json };
        root.Attach(list, p => new KeysListArguments(p.GetValue(json)), handlers.KeysList);

        Argument<string> newName = KeyName();
        Option<string> role = new("--role") { Description = $"What it opens, each as well as those before it: {string.Join(", ", Roles)}.", HelpName = "ROLE", Required = true };
        role.AcceptOnlyFromAmong(Roles);
        Option<string?> organization = new("--organization") { Description = "Tenant that it is confined to; all when left out.", HelpName = "NAME" };
        organization.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && (token.Value.Length is 0 or > LongestOrganization || token.Value.Any(char.IsControl)))
            {
                result.AddError($"{Configuration.Secrets.Show(token.Value, secret: false)} is not allowed for --organization; must be at most {LongestOrganization} characters, none of them a control character.");
            }
        });
        Option<string?> reason = new("--reason") { Description = "Why, for the history.", HelpName = "TEXT" };
        Command add = new("add", "Make a key and print it, this once.") { newName, role, organization, reason };
        root.Attach(
            add,
            p => new KeysAddArguments(
                p.GetRequiredValue(newName),
                ApiKeys.TryParseRole(p.GetRequiredValue(role), out ApiRole known) ? known : throw new VerbException("--role is not known.", ExitStatus.Usage),
                p.GetValue(organization),
                p.GetValue(reason)),
            handlers.KeysAdd);

        Argument<string> oldName = KeyName();
        Command remove = new("remove", "Revoke a key, for good; running workers follow within seconds.") { oldName };
        root.Attach(remove, p => new KeysRemoveArguments(p.GetRequiredValue(oldName)), handlers.KeysRemove);

        return new Command("keys", "Look at and change the keys of the HTTP API.") { list, add, remove };
    }

    private static Argument<string> KeyName()
    {
        Argument<string> name = new("NAME") { Description = $"Name of the key: {ApiKeys.NameForm}." };
        name.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !ApiKeys.IsName(token.Value))
            {
                result.AddError($"{Configuration.Secrets.Show(token.Value, secret: false)} is not allowed as NAME; must be {ApiKeys.NameForm}.");
            }
        });
        return name;
    }
}

using System.Security.Cryptography;
using System.Text;

namespace AutoGuard.Reports;

/// <summary>
/// The report's style and script, and the content security policy that lets in exactly these two by their digests: should
/// markup of a stranger ever get through, it can neither run nor load anything. Neither text holds a character that XML
/// would need escaped.
/// </summary>
internal static class HtmlAssets
{
    public const string Style = """
        :root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#18202b;--soft:#5a6675;--line:#dde2e9;--faint:#edf0f4;--link:#1f5fc4;
        --flag:#8a5200;--flag-fill:#e39a1f;--flag-back:#fdf1d9;--stop:#b1221a;--stop-fill:#d6382e;--stop-back:#fde9e7;--free:#17683a;--free-fill:#2f9e60;--free-back:#e2f4e9;
        --c1:#3470d8;--c2:#d9802b;--c3:#1f9b77;--c4:#9a57c4;--c5:#c9487c;--c6:#8b8a2b;--c0:#8b95a3;--area:#c9d8f3;--area-line:#6f93d6;--stripe:#fff}
        @media (prefers-color-scheme:dark){:root{--page:#10141a;--card:#181e26;--ink:#e4e9f0;--soft:#9aa7b7;--line:#2c3541;--faint:#222a34;--link:#82b1ff;
        --flag:#f3bd62;--flag-fill:#d99a2b;--flag-back:#3a2c10;--stop:#ff9b92;--stop-fill:#e0564b;--stop-back:#431c1a;--free:#7fd8a3;--free-fill:#3aa868;--free-back:#123322;
        --c1:#6d9ff2;--c2:#eaa05a;--c3:#46c19c;--c4:#be86e3;--c5:#e77aa5;--c6:#bdbb55;--c0:#7d8896;--area:#26395c;--area-line:#6d93d8;--stripe:#181e26}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif;overflow-wrap:anywhere}
        main{max-width:1120px;margin:0 auto;padding:28px 24px 56px}
        h1{font-size:25px;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:6px 0 6px}
        h2{font-size:17px;font-weight:650;margin:26px 0 10px;display:flex;gap:8px;align-items:baseline}
        h2 span{font-weight:400;color:var(--soft);font-size:14px}
        h3{font-size:15px;font-weight:650;margin:0;display:inline}
        h4{font-size:12px;font-weight:650;letter-spacing:.05em;text-transform:uppercase;color:var(--soft);margin:26px 0 8px}
        p{margin:0 0 6px}
        bdi{unicode-bidi:isolate}
        code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.93em}
        .soft{color:var(--soft)}
        .top{display:flex;justify-content:space-between;align-items:center;gap:12px;color:var(--soft);font-size:13px}
        .brand{font-weight:650;color:var(--ink)}
        .mode{padding:2px 10px;border-radius:99px;font-weight:650;font-size:12px;white-space:nowrap}
        .mode.observe{background:var(--flag-back);color:var(--flag)}
        .mode.enforce{background:var(--free-back);color:var(--free)}
        .notice{border-left:4px solid var(--flag-fill);background:var(--flag-back);padding:10px 14px;border-radius:6px;margin:16px 0}
        .tiles{display:flex;flex-wrap:wrap;gap:10px 34px;margin:20px 0 16px;padding:14px 18px;background:var(--card);border:1px solid var(--line);border-radius:10px}
        .tile b{display:block;font-size:22px;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
        .tile.stop b{color:var(--stop)}
        .tile.flag b{color:var(--flag)}
        .tile.free b{color:var(--free)}
        .tile span{font-size:13px;color:var(--soft)}
        .meta{display:flex;flex-wrap:wrap;gap:2px 26px;margin:0;font-size:13px}
        .meta div{display:flex;gap:6px}
        .meta dt{color:var(--soft)}
        .meta dd{margin:0}
        .tools{display:flex;flex-wrap:wrap;gap:8px;margin:22px 0 0}
        .tools[hidden]{display:none}
        .tools input,.tools select,.tools button{font:inherit;font-size:14px;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:7px;padding:6px 10px;min-height:36px}
        .tools input{flex:1 1 220px;min-width:0}
        .tools button{cursor:pointer}
        a{color:var(--link)}
        .caution{margin:14px 0 0;font-size:13px;color:var(--soft)}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px}
        .card{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--flag-fill);border-radius:10px;margin:0 0 10px}
        .card.block,.card.revoke{border-left-color:var(--stop-fill)}
        .card.release{border-left-color:var(--free-fill)}
        .card[hidden]{display:none}
        summary{list-style:none;cursor:pointer;display:grid;grid-template-columns:86px minmax(0,1fr) 18px;gap:4px 18px;padding:14px 18px;align-items:start}
        summary::-webkit-details-marker{display:none}
        .score b{font-size:20px;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
        .score svg,.grade svg{display:block;width:100%;height:6px;margin-top:5px}
        .score .rail,.grade .rail{fill:var(--faint)}
        .fill{fill:var(--flag-fill)}
        .block .score .fill,.revoke .score .fill{fill:var(--stop-fill)}
        .release .score .fill{fill:var(--free-fill)}
        .grade .fill{fill:var(--c1)}
        .who{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center}
        .chip{font-size:12.5px;font-weight:600;padding:1px 9px;border-radius:99px;border:1px solid transparent;background:var(--flag-back);color:var(--flag)}
        .chip.block,.chip.revoke{background:var(--stop-back);color:var(--stop)}
        .chip.release{background:var(--free-back);color:var(--free)}
        .chip.plain{background:var(--faint);color:var(--soft);font-weight:500}
        .chip.observed{background:none;border:1px dashed currentColor}
        .why{font-size:16px;margin:5px 0 2px}
        .facts{font-size:13px;color:var(--soft)}
        .arrow{width:9px;height:9px;border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(45deg);margin:6px 4px 0 auto}
        details[open] .arrow{transform:rotate(-135deg);margin-top:11px}
        .body{padding:0 18px 20px;border-top:1px solid var(--faint)}
        .next{margin-top:16px;font-size:15px}
        .next b{font-weight:650}
        .allow{color:var(--free)}
        table{border-collapse:collapse;width:100%;font-size:14px}
        th{font-weight:500;font-size:12.5px;color:var(--soft);text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--line);white-space:nowrap}
        td{padding:8px 14px 8px 0;border-bottom:1px solid var(--faint);vertical-align:top}
        tr:last-child td{border-bottom:0}
        td.lead{white-space:nowrap}
        td.num{white-space:nowrap;font-variant-numeric:tabular-nums}
        td.grade{width:92px}
        .letter{display:inline-block;min-width:20px;text-align:center;border:1px solid var(--line);border-radius:5px;font-size:12px;font-weight:650;margin-right:7px;color:var(--soft)}
        .letter.none{border-color:transparent}
        .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(158px,1fr));gap:12px 22px;margin:0}
        .grid dt{font-size:12.5px;color:var(--soft)}
        .grid dd{margin:0;font-variant-numeric:tabular-nums}
        .tops{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:4px 34px}
        .tops h4{margin-top:16px}
        .tops .wide{grid-column:1/-1}
        .tops ol{list-style:none;margin:0;padding:0;font-size:13.5px}
        .tops li{display:flex;justify-content:space-between;gap:12px;padding:2px 0}
        .tops li span{color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
        .timeline{margin:0}
        .timeline svg{display:block}
        .timeline text{font-size:11.5px;fill:var(--soft)}
        .timeline .address{fill:var(--ink);font-weight:600}
        .axis{stroke:var(--soft)}
        .timeline .lane-title{paint-order:stroke;stroke:var(--card);stroke-width:3.5px;stroke-linejoin:round}
        .timeline .grid{stroke:var(--line);stroke-dasharray:2 3}
        .track{stroke:var(--faint)}
        .area{fill:var(--area);stroke:var(--area-line);stroke-width:1.2}
        .bar{fill:var(--c0)}
        .c1{fill:var(--c1);background:var(--c1)}
        .c2{fill:var(--c2);background:var(--c2)}
        .c3{fill:var(--c3);background:var(--c3)}
        .c4{fill:var(--c4);background:var(--c4)}
        .c5{fill:var(--c5);background:var(--c5)}
        .c6{fill:var(--c6);background:var(--c6)}
        .c0{background:var(--c0)}
        .stripe{fill:var(--stripe)}
        .hatch{pointer-events:none}
        .live{fill:var(--card);stroke:var(--ink);stroke-width:1.6}
        .mark line{stroke:var(--flag-fill);stroke-width:1.5}
        .mark circle{fill:var(--flag-fill)}
        .mark.block line,.mark.revoke line{stroke:var(--stop-fill)}
        .mark.block circle,.mark.revoke circle{fill:var(--stop-fill)}
        .mark.release line{stroke:var(--free-fill)}
        .mark.release circle{fill:var(--free-fill)}
        .timeline .mark text{fill:#fff;font-weight:700;font-size:10.5px}
        figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:12.5px;color:var(--soft);margin-top:6px}
        .swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
        .striped{background:repeating-linear-gradient(135deg,var(--c0) 0 2px,var(--card) 2px 4px);border:1px solid var(--c0)}
        .still{border:2px solid var(--ink);border-radius:50%}
        .empty{text-align:center;padding:56px 20px;background:var(--card);border:1px solid var(--line);border-radius:10px;margin-top:22px}
        .empty h2{justify-content:center;margin:0 0 8px;font-size:20px}
        footer{margin-top:40px;padding-top:14px;border-top:1px solid var(--line);font-size:13px;color:var(--soft)}
        footer h2{font-size:13px;color:var(--ink);margin:0 0 6px}
        footer ul{margin:0 0 8px;padding-left:18px}
        @media (max-width:640px){
        main{padding:18px 14px 40px}
        h1{font-size:21px}
        .tiles{gap:10px 24px;padding:12px 14px}
        summary{grid-template-columns:minmax(0,1fr) 18px;padding:12px 14px}
        .score{grid-column:1;grid-row:1;display:flex;gap:12px;align-items:center}
        .score svg{width:110px;margin:0}
        .arrow{grid-column:2;grid-row:1}
        .text{grid-column:1/-1}
        .body{padding:0 14px 16px}
        .grid{grid-template-columns:repeat(auto-fill,minmax(128px,1fr))}
        table,tbody,tr,td{display:block;width:auto}
        thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        tr{padding:8px 0;border-bottom:1px solid var(--faint)}
        tr:last-child{border-bottom:0}
        td,td.lead,td.num,td.grade{border:0;padding:2px 0;width:auto;display:flex;gap:12px;white-space:normal}
        td::before{content:attr(data-label);flex:0 0 92px;color:var(--soft);font-size:12.5px}
        td.lead::before,td.say::before{content:none}
        td.lead .none{display:none}
        td.say,td.lead{display:block}
        .grade svg{width:110px;margin-top:8px}
        }
        @media print{
        :root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--faint:#ddd;--flag:#6b4000;--stop:#8f1710;--free:#125430;--flag-back:#fff;--stop-back:#fff;--free-back:#fff;--stripe:#fff}
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        body{font-size:11pt}
        main{max-width:none;padding:0}
        .tools,.arrow{display:none}
        .card{break-inside:auto}
        summary,figure,tr,.next{break-inside:avoid}
        h2,h4,summary{break-after:avoid}
        .chip{border-color:currentColor}
        details::details-content{content-visibility:visible;block-size:auto}
        }
        """;

    /// <summary>Shows the tool bar, filters, sorts and unfolds; without it everything is still there to read and unfold.</summary>
    public const string Script = """
        (function(){
        var all=function(q,e){return Array.prototype.slice.call((e||document).querySelectorAll(q));};
        var get=function(id){return document.getElementById(id);};
        var cards=all('.card'),tools=get('tools');
        if(!tools){return;}
        tools.hidden=false;
        function show(){
        var text=get('find').value.toLowerCase(),action=get('action').value;
        cards.forEach(function(c){c.hidden=!(c.textContent.toLowerCase().includes(text)?(action===''||c.dataset.action===action):false);});
        all('section').forEach(function(s){s.hidden=all('.card',s).every(function(c){return c.hidden;});});
        }
        function order(){
        var key=get('order').value;
        all('section').forEach(function(s){all('.card',s).sort(function(a,b){return b.dataset[key]-a.dataset[key]||a.dataset.place-b.dataset.place;}).forEach(function(c){s.appendChild(c);});});
        }
        function unfold(open){cards.forEach(function(c){c.open=open;});}
        function target(){var c=location.hash?get(location.hash.slice(1)):null;if(c){if(c.localName==='details'){c.open=true;}c.scrollIntoView();}}
        get('find').addEventListener('input',show);
        get('action').addEventListener('change',show);
        get('order').addEventListener('change',order);
        get('unfold').addEventListener('click',function(){var open=cards.some(function(c){return !c.open;});unfold(open);this.textContent=open?'Fold all':'Unfold all';});
        addEventListener('beforeprint',function(){unfold(true);});
        addEventListener('hashchange',target);
        target();
        })();
        """;

    /// <summary>Value of the page's Content-Security-Policy.</summary>
    public static string SecurityPolicy { get; } =
        $"default-src 'none'; style-src '{Digest(Style)}'; script-src '{Digest(Script)}'; img-src data:; base-uri 'none'; form-action 'none'";

    private static string Digest(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}

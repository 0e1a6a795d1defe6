extension VerifyPage {
  /// Colours, sizes and what changes on a phone, in the dark and on paper.
  static let style = """

    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--panel:#f5f7f9;\
    --bar:#2f6f9f;--good:#176330;--bad:#a3201a}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a0aab4;--line:#3a424b;--paper:#14181c;\
    --panel:#1d2329;--bar:#6fb1de;--good:#6fd08c;--bad:#ff938a}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;\
    -webkit-text-size-adjust:100%}
    main{max-width:72rem;margin:0 auto;padding:1rem 1rem 3rem;overflow-wrap:anywhere}
    h1{font-size:1.1rem;margin:.5rem 0;color:var(--soft);font-weight:600}
    h2{font-size:1.2rem;margin:2.5rem 0 .75rem}h3{font-size:1rem;margin:1rem 0 .25rem}
    code,pre{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.85em}
    .good{color:var(--good)}.bad{color:var(--bad)}
    .verdict{font-size:1.35rem;line-height:1.35;font-weight:700;border-left:.4rem solid;background:var(--panel);\
    padding:.9rem 1rem;margin:.5rem 0 1rem}
    dl{margin:0}dd{margin:0}dt{color:var(--soft)}
    .totals{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--line);\
    border:1px solid var(--line)}
    .totals div{background:var(--paper);padding:.5rem .75rem}.totals dt{font-size:.85rem}
    .totals dd{font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
    .facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem}
    article{border:1px solid var(--line);border-left:.25rem solid var(--bad);padding:.6rem .9rem;margin:.75rem 0;\
    break-inside:avoid}
    article h3{margin:0;color:var(--bad)}article p{margin:.35rem 0}article .facts{font-size:.9rem}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.9rem}
    th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
    th{color:var(--soft);font-weight:600;overflow-wrap:normal}tr{break-inside:avoid}
    #tables td:first-child{overflow-wrap:break-word}
    #tables td:nth-child(2),#tables td:nth-child(n+8){white-space:nowrap}
    @media(min-width:60rem){.totals{grid-template-columns:repeat(8,1fr)}}
    th.number,td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    .unit{display:inline-block}
    details{margin:.75rem 0}summary{cursor:pointer}
    .periods{max-width:40rem}.periods .share{width:60%}.share svg{width:100%;display:block;margin-top:.35rem}
    pre{overflow-x:auto;background:var(--panel);border:1px solid var(--line);padding:.75rem;margin:.25rem 0}
    .chart{display:block}svg rect{fill:var(--bar)}svg text{fill:var(--soft);font-size:12px}
    svg .scale{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
    svg line{stroke:var(--line)}svg .base{stroke:var(--soft)}
    @media screen and (max-width:45rem){
    .wide thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
    .wide tr{display:block;border:1px solid var(--line);margin:.75rem 0}
    .wide td{display:flex;justify-content:space-between;gap:1rem;text-align:right;border:0}
    .wide td::before{content:attr(data-label);color:var(--soft);flex:none}
    .wide td:first-child{display:block;text-align:left;font-weight:600;background:var(--panel)}
    .wide td:first-child::before{content:none}
    .totals{grid-template-columns:repeat(2,1fr)}pre{white-space:pre-wrap}.verdict{font-size:1.15rem}
    }
    @media print{
    :root{color-scheme:light;--ink:#000;--soft:#444;--line:#999;--paper:#fff;--panel:#fff;--bar:#555;--good:#000;\
    --bad:#000}
    body{font-size:10pt}main{max-width:none;padding:0}.wide{overflow:visible}table{font-size:8.5pt}
    th,td{padding:.25rem .35rem}#tables td:nth-child(n+8){white-space:normal}
    pre{white-space:pre-wrap}h2,h3{break-after:avoid}
    details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none;font-weight:600}
    svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    }

    """
}

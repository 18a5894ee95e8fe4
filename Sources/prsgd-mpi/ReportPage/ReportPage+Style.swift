extension ReportPage {
  static let style = """
    :root { --ground: #ffffff; --text: #1c1e21; --faint: #656b73; --line: #d9dce0; --mark: #fff3cd; --panel: #f7f8f9; }
    @media (prefers-color-scheme: dark) {
      :root { --ground: #16181b; --text: #e6e8ea; --faint: #9aa1a9; --line: #3a3f45; --mark: #4a3f12; --panel: #1e2125; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 1400px; padding: 1rem; background: var(--ground); color: var(--text);
      font: 15px/1.45 system-ui, sans-serif; }
    h1 { font-size: 1.4rem; margin: .2rem 0 1rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; border-bottom: 1px solid var(--line); }
    .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
    .legend label { cursor: pointer; overflow-wrap: anywhere; }
    .swatch { display: inline-block; width: 1.4rem; height: .25rem; margin-right: .4rem; vertical-align: middle; }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: .8rem; }
    figure { margin: 0; background: var(--panel); border-radius: 6px; padding: .4rem; position: relative; }
    figcaption { font-size: .85rem; color: var(--faint); text-align: center; }
    svg { display: block; width: 100%; height: auto; }
    svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
    .grid { stroke: var(--line); stroke-width: 1; }
    .tip { position: absolute; pointer-events: none; background: var(--ground); border: 1px solid var(--line);
      border-radius: 4px; padding: .25rem .45rem; font-size: .8rem; z-index: 2; display: none; max-width: 95%; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
    th:first-child, td:first-child { text-align: left; }
    thead th { position: sticky; top: 0; background: var(--ground); }
    th.sortable { cursor: pointer; }
    th.sortable:focus-visible { outline: 2px solid #0072b2; }
    tr.differs td { background: var(--mark); }
    .options td { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
    .note { color: var(--faint); font-size: .85rem; }
    """
}

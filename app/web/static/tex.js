/** Where formulas are in Markdown: `$$…$$`, `\[…\]`, `\(…\)`, and `$…$` where it cannot be money. */

const BLOCK = /^ {0,3}(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/;
const UNFINISHED = /^ {0,3}(?:\$\$|\\\[)(?![\s\S]*(?:\$\$|\\\])[\s\S]*\S)[\s\S]*$/;
const IN_LINE = /^(?:\$\$((?:[^$\\]|\\[\s\S])+?)\$\$|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\])/;
const DOLLARS = /^\$((?:[^\s$\\`]|\\[^\n])(?:(?:[^$\\\n`]|\\[^\n])*?(?:[^\s$\\`]|\\[^\n]))?)\$(?![\p{L}\p{N}$])/u;
const PROSE = /(?:^|[^\\\p{L}])\p{L}{2,}[ ,.;]/u;

/** What stands between single dollars, if that is a formula: "$5 and 10$" is money. */
export function dollars(source) {
  const found = DOLLARS.exec(source);
  if (!found || (/^\d/.test(found[1]) && PROSE.test(`${found[1]} `))) return null;
  return found;
}

const block = {
  name: "formula",
  level: "block",
  start: (source) => /(?:^|\n) {0,3}(?:\$\$|\\\[)/.exec(source)?.index,
  tokenizer(source) {
    const found = BLOCK.exec(source);
    if (found) return { type: "formula", raw: found[0], tex: (found[1] ?? found[2]).trim(), display: true };
    // While an answer is still coming, the beginning of a formula is no prose.
    const begun = this.lexer.options.unfinished && UNFINISHED.exec(source);
    return begun ? { type: "formula", raw: begun[0], tex: begun[0].trim(), pending: true, display: true } : undefined;
  },
};

const inline = {
  name: "formula_in_line",
  level: "inline",
  start: (source) => {
    const at = source.search(/(?<![\\$\p{L}\p{N}])\$|\\\(|\\\[/u);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    const found = IN_LINE.exec(source);
    if (found) {
      const tex = found[1] ?? found[2] ?? found[3];
      return { type: "formula", raw: found[0], tex: tex.trim(), display: found[2] === undefined };
    }
    const priced = dollars(source);
    return priced ? { type: "formula", raw: priced[0], tex: priced[1], display: false } : undefined;
  },
};

/** The extensions of marked that find formulas. */
export const formulas = { extensions: [block, inline] };

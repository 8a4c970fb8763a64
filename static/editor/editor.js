/*! Contains CodeMirror and Lezer, under the MIT License:
Copyright (C) 2016-2026 by Marijn Haverbeke <marijn@haverbeke.berlin> and others

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
*/

// The page's YAML editor: CodeMirror 6 behind one small function.
//
// Positions are those of findings: lines and columns count from 1, columns in characters (code points); `to` is
// exclusive. Tab indents; Escape and then Tab leaves the editor, so the keyboard is never trapped.
// Every colour is one of the page's custom properties, so themes switch without a word to the editor.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { yamlLanguage } from "@codemirror/lang-yaml";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { StyleModule } from "style-mod";

// A style element needs 'unsafe-inline' under a content security policy; a constructed style sheet needs nothing.
const sheet = new CSSStyleSheet();
let mounted = [];
StyleModule.mount = (root, modules) => {
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  if (modules.every((module) => mounted.includes(module))) return;
  mounted = [...mounted.filter((module) => !modules.includes(module)), ...modules];
  sheet.replaceSync(mounted.map((module) => module.getRules()).join("\n"));
};

// Typing over a selection, left to the browser, makes Chromium put the style of the replaced text into a style attribute
// (which CodeMirror then drops): noise in the console under a content security policy.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== "insertText" || event.data === null || event.isComposing) return false;
    if (state.readOnly || state.selection.main.empty) return false;
    view.dispatch(state.update(state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true }));
    return true;
  },
});

const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string), tags.content, tags.attributeValue], color: "var(--ok)" },
  { tag: tags.comment, color: "var(--dim)", fontStyle: "italic" },
  { tag: [tags.labelName, tags.typeName, tags.keyword], color: "var(--warn)" },
  { tag: [tags.meta, tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--dim)" },
]);

const wash = (colour, percent) => `color-mix(in srgb, var(${colour}) ${percent}%, transparent)`;
const wavy = (colour) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy var(${colour}) 1px`,
  textUnderlineOffset: "3px",
  textDecorationSkipInk: "none",
});
const edge = (colour) => ({ borderLeft: `3px solid var(${colour})` });
const sign = (colour, shape) => ({ content: "normal", background: `var(${colour})`, clipPath: shape });
const button = {
  background: "var(--raised)",
  color: "var(--text)",
  border: "1px solid var(--line)",
  borderRadius: "6px",
  font: "inherit",
};

const look = EditorView.theme({
  "&": { height: "100%", background: "var(--bg)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.62" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-content ::selection, .cm-line::selection": { background: wash("--accent", 35) },
  ".cm-gutters": { background: "var(--bg)", color: "var(--faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 8px", minWidth: "28px" },
  ".cm-activeLine": { background: wash("--accent", 7) },
  ".cm-activeLineGutter": { background: wash("--accent", 7), color: "var(--text)" },
  ".cm-placeholder": { color: "var(--dim)" },
  ".cm-specialChar": { color: "var(--bad)" },
  "&.cm-focused .cm-matchingBracket": { background: wash("--ok", 25) },
  "&.cm-focused .cm-nonmatchingBracket": { background: wash("--bad", 30) },
  ".cm-searchMatch": { background: wash("--warn", 14) },
  ".cm-searchMatch-selected": { background: wash("--warn", 14), outline: "1px solid var(--warn)" },
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0 0 4px", display: "flex", alignItems: "center" },
  ".cm-lint-marker": { width: "9px", height: "9px" },
  ".cm-lint-marker-error": sign("--bad", "circle(50%)"),
  ".cm-lint-marker-warning": sign("--warn", "polygon(50% 0, 100% 100%, 0 100%)"),
  ".cm-lint-marker-info": sign("--accent", "inset(12%)"),
  ".cm-lintRange": { paddingBottom: "0" },
  ".cm-lintRange-error": wavy("--bad"),
  ".cm-lintRange-warning": wavy("--warn"),
  ".cm-lintRange-info": wavy("--accent"),
  ".cm-lintRange-active": { background: wash("--warn", 14) },
  ".cm-lintPoint:after": { borderBottomColor: "var(--bad)" },
  ".cm-lintPoint-warning:after": { borderBottomColor: "var(--warn)" },
  ".cm-lintPoint-info:after": { borderBottomColor: "var(--accent)" },
  ".cm-diagnostic": { padding: "5px 9px" },
  ".cm-diagnostic-error": edge("--bad"),
  ".cm-diagnostic-warning": edge("--warn"),
  ".cm-diagnostic-info": edge("--accent"),
  ".cm-tooltip": {
    background: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    overflow: "hidden",
    maxWidth: "min(48ch, 90vw)",
    zIndex: "20",
  },
  ".cm-panels": { background: "var(--panel)", color: "var(--text)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 26px 8px 8px" },
  ".cm-panel.cm-search label": { fontSize: "inherit", whiteSpace: "nowrap" },
  ".cm-panel button[name=close]": { color: "var(--dim)", fontSize: "18px", padding: "0 6px", cursor: "pointer" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { background: "var(--raised)" },
  ".cm-panel.cm-panel-lint ul:focus [aria-selected]": { background: wash("--accent", 30), color: "var(--text)" },
  ".cm-textfield": { ...button, background: "var(--bg)", padding: "3px 6px" },
  ".cm-button": { ...button, backgroundImage: "none", padding: "3px 9px", cursor: "pointer" },
  ".cm-button:active": { backgroundImage: "none" },
  ".cm-textfield:focus-visible, .cm-panel button:focus-visible": { outline: "2px solid var(--accent)" },
});

const fromPage = Annotation.define();

/** The document offset of a line and column, both moved into the text if they lie outside it. */
function offsetAt(doc, { line, column }) {
  const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
  let offset = row.from;
  for (const character of row.text) {
    if (--column < 1) break;
    offset += character.length;
  }
  return offset;
}

/** What CodeMirror calls a finding. One without an extent marks the word it stands at, so that there is a line to see. */
function diagnosticOf(state, { from, to, severity, message }) {
  const start = offsetAt(state.doc, from);
  const end = Math.max(start, to ? offsetAt(state.doc, to) : start);
  const word = end > start ? null : state.wordAt(start);
  return { from: word?.from ?? start, to: word?.to ?? end, severity, message };
}

/**
 * Puts an editor into an element.
 *
 * @param {Element} parent - filled by the editor, which takes its height
 * @param {object} options
 * @param {string} [options.doc] - the first text
 * @param {string} options.label - the editor's name for screen readers
 * @param {string} [options.placeholder] - shown while the text is empty
 * @param {(text: string) => void} [options.onChange] - called after each edit of the reader's, undo and redo included;
 *   not after setText
 */
export function createEditor(parent, { doc = "", label, placeholder: hint = "Paste a manifest here", onChange }) {
  const readOnly = new Compartment();
  const view = new EditorView({
    parent,
    doc,
    extensions: [
      lintGutter(),
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightActiveLine(),
      highlightSpecialChars(),
      history(),
      bracketMatching(),
      search({ top: true }),
      yamlLanguage,
      indentUnit.of("  "),
      syntaxHighlighting(colours),
      placeholder(hint),
      look,
      typeOver,
      keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap, indentWithTab]),
      readOnly.of([]),
      EditorView.contentAttributes.of({
        "aria-label": label,
        "aria-description": "Tab indents. To leave the editor, press Escape, then Tab.",
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((transaction) => transaction.annotation(fromPage))) {
          onChange?.(update.state.doc.toString());
        }
      }),
    ],
  });

  return {
    getText: () => view.state.doc.toString(),

    /** Replaces what differs, in one undoable step; cursor and scroll position stay where they can. */
    setText(text) {
      const next = view.state.toText(text).toString();
      const now = view.state.doc.toString();
      if (next === now) return;
      const least = Math.min(next.length, now.length);
      let head = 0;
      while (head < least && next[head] === now[head]) head++;
      let tail = 0;
      while (tail < least - head && next[next.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
      const moved = (offset) =>
        offset > now.length - tail ? offset + next.length - now.length : Math.min(offset, next.length - tail);
      const { anchor, head: cursor } = view.state.selection.main;
      view.dispatch({
        changes: { from: head, to: now.length - tail, insert: next.slice(head, next.length - tail) },
        selection: { anchor: moved(anchor), head: moved(cursor) },
        annotations: fromPage.of(true),
        userEvent: "input.replace",
      });
    },

    /** Shows these findings in place of the earlier ones. They move with the text until the next call. */
    setFindings(findings) {
      view.dispatch(
        setDiagnostics(
          view.state,
          findings.map((finding) => diagnosticOf(view.state, finding)),
        ),
      );
    },

    goTo(line, column) {
      const anchor = offsetAt(view.state.doc, { line, column });
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },

    focus: () => view.focus(),

    setReadOnly(on) {
      const extension = on ? [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-readonly": "true" })] : [];
      view.dispatch({ effects: readOnly.reconfigure(extension) });
    },

    destroy: () => view.destroy(),
  };
}

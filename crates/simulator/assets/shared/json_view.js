// Shows JSON in colours: each piece becomes a text node, so that data can never become markup.

const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;

function piece(kind, text) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}

// `text` is JSON that is already laid out; anything else comes out plain.
export function showJson(element, text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    nodes.push(text.slice(end, match.index));
    if (match[2] !== undefined) nodes.push(piece("json-name", match[1]), match[2]);
    else nodes.push(piece(match[1] ? "json-text" : "json-other", match[0]));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  element.replaceChildren(...nodes);
}

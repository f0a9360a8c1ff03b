// A copy button: puts a text on the clipboard and says so, on the button and to screen readers.

const SHOWN_FOR = 1600;

async function writeClipboard(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not permitted in this frame: try the older way.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "only-read-aloud";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return copied;
}

// `text` is asked for at the time of the click; `announce` takes the words to read aloud.
export function makeCopyButton(button, text, announce) {
  const label = button.textContent;
  let timer = 0;
  button.addEventListener("click", async () => {
    const copied = await writeClipboard(text());
    const words = copied ? "Copied" : "Blocked";
    announce(copied ? "Copied." : "The browser did not allow copying.");
    button.style.minWidth = `${button.offsetWidth}px`;
    button.textContent = words;
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = label; }, SHOWN_FOR);
  });
}

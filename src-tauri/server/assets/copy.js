// Copies a block of the page at a press. Without script the buttons are hidden and one selects the block.
"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  const block = document.getElementById(button.dataset.copies);
  const name = button.ariaLabel;
  const say = (word) => {
    button.textContent = word;
    button.ariaLabel = name.replace("Copy", word);
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      say("Copied");
    } catch {
      // Not allowed, or not over TLS: the selection is ready for the keyboard.
      getSelection().selectAllChildren(block);
      say("Selected");
    }
    document.getElementById("copied").textContent = button.ariaLabel;
    setTimeout(() => say("Copy"), 3000);
  });
}

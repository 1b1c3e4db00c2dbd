// "Ask us" buttons open the chat. They stay hidden where the chat's script didn't load.
(() => {
  const show = () => {
    for (const button of document.querySelectorAll("button[data-ask]")) {
      if (!button.hidden) continue;
      button.hidden = false;
      button.addEventListener("click", () => window.weft.open());
    }
  };
  if (window.weft) show();
  else document.addEventListener("weft:ready", show, { once: true });
})();

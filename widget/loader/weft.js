// The one script of a page with Weft. It paints the launcher and nothing else: the widget itself (WebAssembly)
// comes with the first intent (pointer, focus, click, or a call such as `weft.open()`).
//
// It must stay below 1 KB brotli. It runs under a strict Content-Security-Policy and under Trusted Types: no HTML
// strings, no inline style attributes, no eval. The build puts the two hashed file names in and minifies it.
(() => {
  const { dataset, src } = document.currentScript;
  // The key's older name is `data-api-key`.
  const options = { key: dataset.apiKey, ...dataset, src };
  const title = options.title || "Chat";
  const host = document.createElement("weft-chat");
  const root = host.attachShadow({ mode: "closed" });
  const button = document.createElement("button");
  const sheet = new CSSStyleSheet();
  const calls = [];
  let widget, isLoading;
  let failures = "";

  // `!important` inside a shadow root wins over whatever the page's own style sheets say of the host. The colour is
  // taken only where it is one, so that it can't end the rule it stands in. The icon is there while no text is. The
  // rules are for the launcher alone: the panel's own buttons come to stand in the same root.
  sheet.replaceSync(`:host{all:initial!important;--a:${CSS.supports("color", options.accentColor) ? options.accentColor : "#1f5eff"}}:host>button{border:0;position:fixed;z-index:999999999;bottom:max(20px,env(safe-area-inset-bottom));${/left/.test(options.position) ? "left" : "right"}:20px;padding:0 28px;border-radius:28px;font:15px/56px system-ui;height:56px;background:var(--a);color:#fff;color:lab(from var(--a) clamp(0,(50 - l)*99,100) 0 0);box-shadow:0 4px 16px #0004;cursor:pointer;forced-color-adjust:none;&:empty:before{content:"";position:absolute;inset:14px;background:currentColor;clip-path:path("M3 1h22q3 0 3 3v15q0 3-3 3h-11l-7 6v-6h-4q-3 0-3-3v-15q0-3 3-3")}&[aria-busy=true]{opacity:.5}}`);
  root.adoptedStyleSheets = [sheet];

  // Browsers may keep a failed import: another query makes it another one.
  const fetchModule = () => import(new URL("__WEFT_MODULE__" + failures, src));

  const load = async () => {
    if (widget || isLoading) return;
    button.ariaBusy = isLoading = true;
    try {
      const module = await fetchModule();
      await module.default({ module_or_path: new URL("__WEFT_WASM__", src) });
      // Meanwhile it may have been destroyed.
      widget ??= module.mount(host, root, button, options);
      for (const call of calls) widget(...call);
    } catch (error) {
      failures += "?";
      button.ariaLabel = button.textContent = title + " could not load. Try again.";
      console.error("Weft:", error);
    }
    button.ariaBusy = isLoading = false;
  };

  const weft = (window.weft = {
    on(type, listener) {
      const handler = (event) => listener(event.detail);
      host.addEventListener("weft:" + type, handler);
      return () => host.removeEventListener("weft:" + type, handler);
    },
    setTokenProvider(provider) {
      options.tokenProvider = provider;
    },
    doctor: async () => (await fetchModule()).doctor(options),
    destroy() {
      widget?.("destroy");
      widget = () => {};
      host.remove();
    },
  });
  for (const name of ["open", "close", "toggle", "send"])
    weft[name] = (argument) => {
      if (widget) widget(name, argument);
      else calls.push([name, argument]), load();
    };

  button.ariaLabel = title;
  button.onpointerenter = button.onfocus = load;
  // A second click while it loads must not close what the first one opens.
  button.onclick = () => weft[widget ? "toggle" : "open"]();
  (document.body || document.documentElement).append(host);
  // What the widget stored. Storage may be blocked, and then asking for it throws.
  const was = (state) => {
    try {
      return localStorage["weft:" + options.key].match(state + '":t');
    } catch {}
  };
  // Where a limit hides it, in another tab too, the widget takes over: it finds out when the launcher is to come back.
  addEventListener("storage", () => was("hidden") && load());
  // A panel that was open opens again.
  if (was("hidden") || root.append(button) || options.load == "idle" || was("open")) load();
})();

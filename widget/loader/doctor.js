// `weft.doctor()`: looks at the page that it is called on, from inside, and says for each thing what is wrong and how to
// mend it. A file of its own that comes with the call: no visitor loads it. It asks and tells; what is good and what isn't
// is decided in `doctor-rules.js`. `cargo xtask doctor URL` says the same from outside, in the same words.
//
// It needs no WebAssembly, so that it works where the widget itself does not. It sends no message: the socket asks for
// the history of a conversation that nobody has. A token's text is never shown.
import { judgeConfig, judgeKey, judgePolicy, judgeRefresh, judgeToken } from "./doctor-rules.js";

const DEADLINE_MS = 10_000;
// (module (memory 1)): the smallest module that makes a browser ask the page's policy.
const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

export default async function doctor(options) {
  const findings = [];
  const add = (...more) => findings.push(...more);
  const weft = new URL(options.apiUrl || options.src).origin;
  add(checkScript(options), checkHttps(weft));
  const policy = await checkPolicy(weft);
  add(...policy, checkStorage());
  const isBlocked = policy.some(({ check, level }) => check == "policy-connect" && level == "fail");
  const isReachable = !isBlocked && (await checkWorker(weft, add));
  const keyFinding = judgeKey(options.key);
  let live;
  if (keyFinding) add(keyFinding);
  else if (isReachable) live = await checkConfig(weft, options.key, add);
  if (live) {
    const token = await checkRefresh(live, options, add);
    await checkSocket(weft, options.key, token, add);
  } else {
    for (const check of ["refresh", "token", "socket"])
      add({ check, level: "skip", found: "not checked: something before it fails" });
  }
  // A later look at the same thing counts.
  const last = findings.filter(({ check }, at) => findings.findLastIndex((other) => other.check == check) == at);
  const report = { url: location.origin + location.pathname, weft, findings: last };
  tell(report);
  return report;
}

function checkScript({ src }) {
  return { check: "script", level: "ok", found: new URL(src).origin + new URL(src).pathname };
}

function checkHttps(weft) {
  const fail = (found, mend) => ({ check: "https", level: "fail", found, mend });
  if (!isSecureContext)
    return fail(
      "the page is on plain http",
      "Serve it over https: Weft takes pages on http from this machine alone.",
    );
  if (location.protocol == "https:" && weft.startsWith("http:"))
    return fail(
      "the page is on https, Weft on plain http",
      "Browsers load no http into an https page: write https:// in the script's src.",
    );
  return { check: "https", level: "ok", found: "the page is in a secure context" };
}

// Tries something, and gives the violations of the page's policies that came of it.
async function during(trial) {
  const violations = [];
  const listen = (event) => event.disposition == "enforce" && violations.push(event);
  document.addEventListener("securitypolicyviolation", listen);
  const result = await Promise.resolve().then(trial).catch(() => undefined);
  // They are told in a task of their own.
  await new Promise((resolve) => setTimeout(resolve, 50));
  document.removeEventListener("securitypolicyviolation", listen);
  return { result, violations };
}

// What the browser itself says, by trial: it knows every policy of the page, the one in a <meta> too.
async function checkPolicy(weft) {
  const wasm = await during(() => WebAssembly.compile(EMPTY_MODULE));
  const http = await during(() => fetch(weft + "/widget/weft.js", { method: "HEAD", credentials: "omit" }));
  const sockets = weft.replace("http", "ws");
  const socket = await during(() => new WebSocket(sockets + "/widget/session").close());
  const missing = [http.violations.length && weft, socket.violations.length && sockets].filter(Boolean);
  return [
    // This file came from beside the loader, so that both get in.
    judgePolicy("policy-script", [], []),
    judgePolicy("policy-wasm", wasm.violations, ["'wasm-unsafe-eval'"]),
    judgePolicy("policy-connect", [...http.violations, ...socket.violations], missing),
  ];
}

function checkStorage() {
  try {
    localStorage.getItem("weft");
    return { check: "storage", level: "ok", found: "the conversation survives a reload" };
  } catch {
    return {
      check: "storage",
      level: "warn",
      found: "this browser blocks the page's storage",
      mend: "The widget works, and forgets the conversation on reload. Nothing for the page to mend.",
    };
  }
}

// The loader can be read by pages of every origin, so whether it comes says whether Weft can be reached.
async function checkWorker(weft, add) {
  try {
    const { status } = await timed((signal) => fetch(weft + "/widget/weft.js", { method: "HEAD", credentials: "omit", signal }));
    if (status == 200) {
      add({ check: "worker", level: "ok", found: weft + " answers" });
      return true;
    }
    add({ check: "worker", level: "fail", found: weft + " answers " + status, mend: "Deploy Weft again." });
  } catch {
    add({
      check: "worker",
      level: "fail",
      found: weft + " can't be reached",
      mend: "Look at the network, and at what blocks requests in this browser.",
    });
  }
  return false;
}

async function checkConfig(weft, key, add) {
  let status = 0;
  let body = null;
  try {
    const url = weft + "/widget/config?key=" + encodeURIComponent(key);
    const response = await timed((signal) => fetch(url, { credentials: "omit", redirect: "manual", signal }));
    status = response.status;
    body = await response.json().catch(() => null);
  } catch {
    // Weft itself can be reached. What a page of another origin would get is not for this one to read.
  }
  add(...judgeConfig(status, body, location.origin));
  return status == 200 ? body : null;
}

async function checkRefresh(live, options, add) {
  if (!live.requireSignedToken) {
    for (const check of ["refresh", "token"])
      add({ check, level: "ok", found: "the live config asks for no signed token" });
    return;
  }
  const provider = options.tokenProvider;
  const started = performance.now();
  let tookMs;
  const { result, violations } = await during(async () => {
    const answer = await (provider ? askProvider(provider) : askEndpoint(live.refreshPath));
    tookMs = performance.now() - started;
    return answer;
  });
  if (violations.length) add(judgePolicy("policy-connect", violations, ["'self'"]));
  const what = provider ? "the page's token provider" : "POST " + live.refreshPath;
  const { finding, token } = violations.length
    ? { finding: { check: "refresh", level: "skip", found: "not checked: the page's policy forbids the call" } }
    : judgeRefresh(what, { ...result, tookMs });
  add(finding);
  if (token === undefined) {
    add({ check: "token", level: "skip", found: "not checked: there is none" });
    return;
  }
  const judged = judgeToken(token, live.tenant, live.environment, Date.now() / 1000);
  add(judged);
  return judged.level == "fail" ? undefined : token;
}

// As the widget asks.
async function askEndpoint(path) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DEADLINE_MS);
  try {
    const response = await fetch(location.origin + path, {
      method: "POST",
      credentials: "include",
      redirect: "manual",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: controller.signal,
    });
    return { status: response.status, body: await response.text() };
  } catch {
    return { isLate: controller.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

async function askProvider(provider) {
  try {
    const given = await Promise.race([provider(), new Promise((_, reject) => setTimeout(reject, DEADLINE_MS, "late"))]);
    return { status: 200, body: JSON.stringify({ token: given?.token ?? given }) };
  } catch (error) {
    return { isLate: error === "late" };
  }
}

async function checkSocket(weft, key, token, add) {
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const proxies = "WebSockets must reach the Worker: look at proxies in between, and at what blocks them in this browser.";
  const fails = (found) => add({ check: "socket", level: "fail", found, mend: proxies });
  const socket = new WebSocket(`${weft.replace("http", "ws")}/widget/session?key=${key}&conversation=${random()}`);
  const outcome = await new Promise((resolve) => {
    setTimeout(resolve, DEADLINE_MS, { trouble: "it says nothing for 10 s" });
    socket.onclose = ({ code }) => resolve({ trouble: `it was closed (${code}) before it was of use` });
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data);
      if (type == "session.ready") {
        const resume = { type: "chat.resume", payload: { historySecret: random(), lastSeq: 0, widgetToken: token } };
        socket.send(JSON.stringify(resume));
      } else if (type == "history") resolve({ protocol: 1 });
      else if (type == "chat.error") resolve({ refusal: payload.error });
    };
  });
  socket.onclose = socket.onmessage = null;
  socket.close();
  if (outcome.trouble) return fails(outcome.trouble);
  add({ check: "socket", level: "ok", found: "opens, and is answered" });
  if (outcome.refusal)
    add({
      check: "token",
      level: "fail",
      found: "Weft refuses the token: " + outcome.refusal,
      mend: "Hand on the token that POST /widget-token of this Weft answers, as it is. If WEFT_MASTER_KEY was changed, tokens from before it are refused.",
    });
}

function timed(ask) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DEADLINE_MS);
  return ask(controller.signal).finally(() => clearTimeout(timer));
}

function tell({ url, findings }) {
  const marks = { ok: "ok  ", warn: "warn", fail: "FAIL", skip: "-   " };
  const lines = findings.map(({ check, level, found, mend }) =>
    [marks[level], check.padEnd(15), found].join("  ") + (mend ? "\n" + " ".repeat(23) + "→ " + mend : ""),
  );
  const count = (wanted) => findings.filter(({ level }) => level == wanted).length;
  const sum = count("fail") || count("warn") ? `${count("fail")} failed, ${count("warn")} could be better.` : "All is well.";
  console.info(`Weft doctor: ${url}\n\n${lines.join("\n")}\n\n${sum}`);
}

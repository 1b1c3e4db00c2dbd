// Tries the refresh endpoints beside this file: starts each in a small site, with a stand-in for Weft on a local port,
// and asks it as the widget does.
//
//   node docs/guides/refresh-endpoints/try.mjs express
//   node docs/guides/refresh-endpoints/try.mjs all
//
// Each is copied to a temporary folder, where npm and pip put what it needs. Ruby, PHP, Go and Cargo must be there.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

const HERE = dirname(fileURLToPath(import.meta.url));
const WORK = join(tmpdir(), "weft-try");
const SECRET_KEY = `wf_sk_try_${randomBytes(20).toString("hex")}`;
const TOKEN = ["header", "claims", "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
const USER = { id: "1042", name: "Mia Lindqvist", email: "mia@shop.example" };

const NPM = ["npm", "install", "--no-audit", "--no-fund", "--silent"];
const PIP = [
  ["python3", "-m", "venv", ".venv"],
  [".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
];

/**
 * How each is prepared and started in its copied folder, and what says its versions. `hint`: where its runtime comes
 * from. `hasForm`: its framework guards forms by CSRF tokens.
 */
const SITES = {
  express: {
    needs: "npm",
    prepare: [NPM],
    start: () => ["node", "app.js"],
    versions: "node -p '`Express ${require(`express/package.json`).version}, Node ${process.versions.node}`'",
  },
  nextjs: {
    needs: "npm",
    prepare: [NPM, ["npx", "next", "build"]],
    start: (port) => ["npx", "next", "start", "-H", "127.0.0.1", "-p", port],
    versions: "node -p '`Next.js ${require(`next/package.json`).version}, Node ${process.versions.node}`'",
  },
  fastapi: {
    needs: "python3",
    prepare: PIP,
    start: (port) => [".venv/bin/uvicorn", "app:app", "--host", "127.0.0.1", "--port", port],
    versions: "grep -E '^(fastapi|httpx)=' requirements.txt; .venv/bin/python --version",
  },
  django: {
    needs: "python3",
    prepare: [...PIP, ["rm", "-f", "try.sqlite3"]],
    start: (port) => [".venv/bin/gunicorn", "app:application", "--no-control-socket", "-b", `127.0.0.1:${port}`],
    versions: "grep -E '^(django|httpx)=' requirements.txt; .venv/bin/python --version",
    hasForm: true,
  },
  rails: {
    needs: "puma",
    hint: "Debian: apt-get install ruby-railties puma",
    prepare: [],
    start: (port) => ["puma", "-b", `tcp://127.0.0.1:${port}`, "-e", "production"],
    versions: "ruby -e 'require %q(rails); puts %q(Rails ) + Rails.version, %q(Ruby ) + RUBY_VERSION'",
    hasForm: true,
  },
  laravel: {
    needs: "php",
    hint: "Debian: apt-get install php-cli php-curl php-laravel-framework php-guzzlehttp-guzzle",
    prepare: [["mkdir", "-p", "storage", "bootstrap/cache"]],
    start: (port) => ["php", "-S", `127.0.0.1:${port}`, "app.php"],
    versions:
      'php -r \'require "Illuminate/autoload.php"; echo "Laravel ", Illuminate\\Foundation\\Application::VERSION, "\\nPHP ", PHP_VERSION;\'',
    hasForm: true,
  },
  go: {
    needs: "go",
    prepare: [["go", "build", "-o", "shop", "."]],
    start: () => ["./shop"],
    versions: "go env GOVERSION",
  },
  axum: {
    needs: "cargo",
    prepare: [["cargo", "build", "--quiet", "--no-default-features"]],
    start: () => [join(process.env.CARGO_TARGET_DIR ?? "target", "debug/shop")],
    versions: "cargo tree --no-default-features --depth 1 --prefix none | grep -E '^(axum|reqwest) '; rustc --version",
  },
};

/** The stand-in for Weft: what it is asked is kept, what it answers is set by each trial. */
class Stub {
  asked = [];
  answer = null;

  async start() {
    this.server = createServer(async (request, response) => {
      const body = await request.toArray().then((chunks) => Buffer.concat(chunks).toString());
      this.asked.push({ method: request.method, path: request.url, headers: request.headers, body });
      this.answer(response);
    });
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const json = (status, body) => (response) => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
};
const minted = json(200, { token: TOKEN, expires_at: "2026-01-01T00:05:00Z" });

/** Answers of Weft, or of what stands before it, that hold no token. */
const FAILURES = {
  "500 with details": json(500, { error: "internal", message: "upstream-detail" }),
  "401: the secret key is wrong": json(401, { error: "invalid_key", message: "upstream-detail" }),
  "403: the key lacks a scope": json(403, { error: "insufficient_scope", message: "upstream-detail" }),
  429: (response) =>
    json(429, { error: "rate_limited", message: "upstream-detail" })(response.setHeader("Retry-After", "7")),
  "an HTML page": (response) =>
    response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>upstream-detail</h1>"),
  "JSON without a token": json(200, { message: "upstream-detail" }),
  "a token that is no text": json(200, { token: 7 }),
  "a list": json(200, []),
  null: json(200, null),
  "a broken connection": (response) => response.destroy(),
  silence: () => {},
  "silence in the middle": (response) =>
    response.writeHead(200, { "Content-Type": "application/json" }).write('{"token"'),
};

async function tryOut(name) {
  const site = SITES[name];
  if (spawnSync("which", [site.needs]).status !== 0) {
    console.log(`\n${name}: not tried, ${site.needs} is missing. ${site.hint ?? ""}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const folder = join(WORK, name);
  await mkdir(WORK, { recursive: true });
  await cp(join(HERE, name), folder, { recursive: true });
  for (const command of site.prepare) run(command, folder);
  const versions = spawnSync("sh", ["-c", site.versions], { cwd: folder, encoding: "utf8" });
  console.log(`\n${name}: ${versions.stdout.trim().replaceAll("\n", ", ")}`);

  const weft = new Stub();
  const elsewhere = new Stub();
  await Promise.all([weft.start(), elsewhere.start()]);
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const server = start(site.start(port), folder, { WEFT_URL: weft.url, PORT: port });
  const result = { passed: 0, failed: 0, skipped: 0 };
  const check = async (what, trial) => {
    weft.asked = [];
    elsewhere.asked = [];
    weft.answer = minted;
    try {
      await trial();
      result.passed += 1;
      console.log(`  ok    ${what}`);
    } catch (error) {
      result.failed += 1;
      console.log(`  FAIL  ${what}: ${error.message}`);
    }
  };
  try {
    await listening(port, server);
    const login = await fetch(`${url}/try/login`, { method: "POST" });
    const cookie = login.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const ask = (headers, body = "{}") =>
      fetch(`${url}/weft/token`, {
        method: "POST",
        redirect: "manual",
        // Later than the widget, which gives up after 10 s.
        signal: AbortSignal.timeout(15_000),
        headers: { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", Origin: url, ...headers },
        body,
      });

    await check("logged out: 401, and Weft isn't asked", async () => {
      await expect(await ask({}), 401, { error: "not_logged_in" });
      equal(weft.asked.length, 0, "requests to Weft");
    });
    await check("logged in: the token, and nothing else", async () => {
      await expect(await ask({ Cookie: cookie }), 200, { token: TOKEN });
    });
    await check("Weft sees the secret key and the user of the session, whatever the page says", async () => {
      await ask({ Cookie: cookie }, JSON.stringify({ user: { id: "someone-else" } }));
      equal(weft.asked.length, 1, "requests to Weft");
      const [{ method, path, headers, body }] = weft.asked;
      equal(`${method} ${path}`, "POST /widget-token", "request");
      equal(headers.authorization, `Bearer ${SECRET_KEY}`, "Authorization");
      equal(headers["content-type"].split(";")[0], "application/json", "Content-Type");
      equal(JSON.parse(body), { user: USER }, "body");
    });
    for (const from of ["cross-site", "same-site", "none", undefined]) {
      await check(`Sec-Fetch-Site ${from ?? "missing"}: 403, and Weft isn't asked`, async () => {
        const headers = { "Content-Type": "application/json", Cookie: cookie, ...(from && { "Sec-Fetch-Site": from }) };
        const answer = await fetch(`${url}/weft/token`, { method: "POST", headers, body: "{}" });
        await expect(answer, 403, { error: "cross_site" });
        equal(weft.asked.length, 0, "requests to Weft");
      });
    }
    await check("GET: no token", async () => {
      const answer = await fetch(`${url}/weft/token`, { headers: { Cookie: cookie, "Sec-Fetch-Site": "same-origin" } });
      equal([404, 405].includes(answer.status), true, `404 or 405, not ${answer.status}`);
      equal(weft.asked.length, 0, "requests to Weft");
    });
    for (const [what, answer] of Object.entries(FAILURES)) {
      await check(`Weft gives ${what}: 502 within 8 s`, async () => {
        weft.answer = answer;
        const begin = performance.now();
        await expect(await ask({ Cookie: cookie }), 502, { error: "chat_unavailable" });
        equal(performance.now() - begin < 8000, true, "within 8 s");
        equal(weft.asked.length, 1, "requests to Weft");
      });
    }
    await check("Weft redirects: 502, and the key goes nowhere else", async () => {
      elsewhere.answer = minted;
      weft.answer = (response) => response.writeHead(307, { Location: `${elsewhere.url}/widget-token` }).end();
      await expect(await ask({ Cookie: cookie }), 502, { error: "chat_unavailable" });
      equal(elsewhere.asked.length, 0, "requests elsewhere");
    });
    if (site.hasForm) {
      await check("a form without a CSRF token is still refused", async () => {
        const answer = await fetch(`${url}/try/form`, { method: "POST", headers: { Cookie: cookie } });
        equal([403, 419, 422].includes(answer.status), true, `a refusal, not ${answer.status}`);
      });
    }
    weft.stop();
    await check("Weft is down: 502", async () => {
      await expect(await ask({ Cookie: cookie }), 502, { error: "chat_unavailable" });
    });
    await check("the site's log holds neither the key nor the token", () => {
      equal(
        [SECRET_KEY, TOKEN].some((secret) => server.log.includes(secret)),
        false,
        "a secret in the log",
      );
    });
    if (result.failed > 0) console.log(`\nThe site's log ends:\n${server.log.slice(-2000)}`);
  } finally {
    server.stop();
    weft.stop();
    elsewhere.stop();
  }
  return result;
}

async function expect(answer, status, body) {
  const text = await answer.text();
  equal(answer.status, status, `status (${text.slice(0, 200)})`);
  equal(answer.headers.get("content-type")?.split(";")[0], "application/json", "Content-Type");
  equal(answer.headers.get("cache-control")?.includes("no-store"), true, "Cache-Control: no-store");
  equal(JSON.parse(text), body, "body");
}

function equal(actual, expected, what) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

function run([program, ...args], cwd) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${error ?? status}`);
}

function start([program, ...args], cwd, variables) {
  // A proxy of the environment couldn't reach this machine's ports.
  const inherited = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    NEXT_TELEMETRY_DISABLED: "1",
    WEFT_SECRET_KEY: SECRET_KEY,
    ...variables,
  };
  // A group of its own: some start further processes, and all are to end.
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const server = { log: "", ended: false, stop: () => server.ended || process.kill(-child.pid, "SIGKILL") };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (server.log += chunk));
  child.on("error", (error) => (server.log += error));
  child.on("close", () => (server.ended = true));
  return server;
}

async function listening(port, server) {
  for (let tries = 0; tries < 300 && !server.ended; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise((done) => socket.on("connect", () => done(true)).on("error", () => done(false)));
    socket.destroy();
    if (isOpen) return;
    await sleep(200);
  }
  throw new Error(`the site didn't start:\n${server.log}`);
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const names = process.argv.slice(2);
const wanted = names.includes("all") ? Object.keys(SITES) : names;
const unknown = wanted.filter((name) => !(name in SITES));
if (wanted.length === 0 || unknown.length > 0) {
  console.error(`usage: node try.mjs all | ${Object.keys(SITES).join(" | ")}`);
  process.exit(2);
}
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of wanted) {
  const result = await tryOut(name).catch((error) => {
    console.log(`\n${name}: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  for (const key in total) total[key] += result[key];
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

// What the doctor says of what it saw. No call, no clock and no page in here: values in, findings out. The same rules are
// in xtask/src/doctor, with their tests; the browser tests hold both to the same faults.

const KEY = /^wf_pk_[a-z0-9-]{1,32}_[A-Za-z0-9]{40}$/;
const SLOW_MS = 2_000;
const SKEW_SECS = 30;

// Nothing: the key has the shape of one.
export function judgeKey(key) {
  const fail = (found, mend) => ({ check: "key", level: "fail", found, mend });
  if (!key) return fail("the script tag has no data-key", "Add data-key with a publishable key (wf_pk_…).");
  if (key.startsWith("wf_sk_"))
    return fail(
      "data-key holds a secret key",
      "Revoke it now: the page has shown it to everybody. Put a publishable key (wf_pk_…) into data-key.",
    );
  if (!KEY.test(key))
    return fail(
      "data-key holds no key of Weft's",
      "Copy the publishable key again, whole: wf_pk_<tenant>_<40 characters>.",
    );
}

// A status of 0: the page may not read what came.
export function judgeConfig(status, body, origin) {
  const key = (found, mend) => [{ check: "key", level: "fail", found, mend }];
  switch (status) {
    case 200: {
      const { tenant, environment, hiddenUntil } = body ?? {};
      const well = { check: "key", level: "ok", found: `tenant ${tenant}, environment ${environment}` };
      const hidden = {
        check: "key",
        level: "warn",
        found: `a limit hides the widget from you until ${hiddenUntil}`,
        mend: "It comes back by itself. per_ip_daily and per_ip_monthly in the config are the limits.",
      };
      return [hiddenUntil ? hidden : well, { check: "origin", level: "ok", found: origin + " may use it" }];
    }
    case 0:
      return [
        {
          check: "origin",
          level: "fail",
          found: `pages of ${origin} may not use this key`,
          mend: `Add ${origin} to allowed_origins (or make it the base_url) in the config of the key's environment, and deploy.`,
        },
      ];
    case 401:
      return key(
        "Weft refuses the key: it is unknown there, revoked or expired",
        "Put a publishable key of this Weft into data-key: POST /v1/tenants/{tenant}/keys makes one.",
      );
    case 404:
      return key(
        "nothing is deployed in the key's environment",
        "Deploy the config: POST /v1/tenants/{tenant}/config/deploy.",
      );
    default:
      return [
        {
          check: "worker",
          level: "fail",
          found: `Weft answers ${status} for the live config`,
          mend: status == 429 ? "Too many requests from here: wait a minute." : "The Worker's own log says why.",
        },
      ];
  }
}

export function judgePolicy(check, violations, missing) {
  if (!violations.length) return { check, level: "ok", found: "the page's policy lets it" };
  const directive = check == "policy-connect" ? "connect-src" : "script-src";
  const [{ effectiveDirective, originalPolicy }] = violations;
  const lists = originalPolicy.split(/[;,]/).map((list) => list.trim());
  const name = (list) => list.split(/\s/)[0];
  const own = lists.find((list) => name(list) == effectiveDirective) ?? lists.find((list) => name(list) == "default-src");
  return {
    check,
    level: "fail",
    found: `the page's policy forbids it (${own ?? effectiveDirective})`,
    mend: `Add ${missing.join(" and ")} to ${directive} of the Content-Security-Policy.`,
  };
}

// A status of 0 is a redirect: the browser shows no more of it.
export function judgeRefresh(what, { status, body, tookMs, isLate }) {
  const fail = (found, mend) => ({ finding: { check: "refresh", level: "fail", found: `${what} ${found}`, mend } });
  if (isLate)
    return fail(
      "did not answer within 10 s",
      "Answer within a second or two: give the call to Weft a deadline of 5 s, and look at what else the endpoint waits for.",
    );
  if (status === undefined) return fail("got no answer", "Let the site answer it.");
  if (status == 0)
    return fail(
      "answers a redirect",
      "Answer 401 where nobody is signed in. The widget follows no redirect; take the path out of the filter that leads strangers to the login page.",
    );
  if (status == 401 || status == 403) {
    const mend =
      status == 401
        ? "Right, if you are not signed in on this site. Sign in and call weft.doctor() again."
        : "The check of Sec-Fetch-Site must let same-origin through, and the path needs no CSRF token.";
    return { finding: { check: "refresh", level: "warn", found: `${what} answers ${status}`, mend } };
  }
  if (status == 404 || status == 405)
    return fail(
      `answers ${status}`,
      "Nothing answers POST there. Build the endpoint, or correct refresh_path in the config and deploy it. (A page that calls weft.setTokenProvider needs none.)",
    );
  if (status == 419)
    return fail("answers 419", "The framework wants a CSRF token. Take the path out of that check.");
  if (status >= 500)
    return fail(
      `answers ${status}`,
      "The endpoint fails. Its own log says why; most often Weft refused the secret key (WEFT_SECRET_KEY) or could not be reached.",
    );
  if (status < 200 || status > 299)
    return fail(`answers ${status}`, "It must answer 200 with a token, or 401 where nobody is signed in.");
  if (body.trimStart().startsWith("<"))
    return fail(
      "answers 200 with an HTML page",
      "Answer JSON. This is a login page, most likely: answer 401 where nobody is signed in.",
    );
  let token;
  try {
    token = JSON.parse(body)?.token;
  } catch {
    return fail("answers 200 with something that isn't JSON", 'Answer {"token": "…"} as JSON.');
  }
  if (typeof token != "string")
    return fail(
      "answers 200 with JSON that has no token",
      'Answer {"token": "…"}: the member is called token, and is a string.',
    );
  const found = `${what} gives a token, in ${(tookMs / 1000).toFixed(1)} s`;
  const mend = "Visitors wait for it before their first message goes out: make it faster than 2 s.";
  const finding =
    tookMs > SLOW_MS ? { check: "refresh", level: "warn", found, mend } : { check: "refresh", level: "ok", found };
  return { finding, token };
}

// Read without verifying it: that is the Worker's, which is asked after this.
export function judgeToken(token, tenant, environment, now) {
  const fail = (found, mend) => ({ check: "token", level: "fail", found, mend });
  const handOn = "Hand on the token that POST /widget-token of Weft answers, as it is.";
  const anew = "Ask Weft for a new token on every call, and let no cache keep the answer. If it is new, a clock is wrong.";
  const parts = token.split(".");
  let header, claims;
  try {
    [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(atob(part.replace(/-/g, "+").replace(/_/g, "/"))));
  } catch {}
  if (parts.length != 3 || !header || !claims) return fail("what the endpoint gives is no JWT", handOn);
  if (header.alg != "HS256" || header.typ != "widget+jwt" || claims.aud != "weft:widget")
    return fail("the token was not made by Weft for the widget", handOn);
  const wanted = [
    ["tid", tenant, "tenant"],
    ["env", environment, "environment"],
  ];
  for (const [claim, value, what] of wanted)
    if (claims[claim] !== value)
      return fail(
        `the token is for ${what} "${claims[claim]}", the page's key for "${value}"`,
        `The secret key of the backend (WEFT_SECRET_KEY) must belong to the ${what} of the page's key.`,
      );
  const { iat, exp } = claims;
  if (!Number.isFinite(iat) || !Number.isFinite(exp)) return fail("the token has no times", handOn);
  const [left, lives] = [Math.round(exp - now), exp - iat];
  if (left <= 0) return fail(`the token ended ${-left} s ago`, anew);
  if (lives < 60 || lives > 3_600)
    return fail(`the token lives ${lives} s`, "Weft gives 60 to 3600 s: ask POST /widget-token for a new one.");
  if (iat - now > SKEW_SECS)
    return {
      check: "token",
      level: "warn",
      found: `the token is from ${Math.round(iat - now)} s in the future`,
      mend: "This machine's clock is behind Weft's: set it.",
    };
  if (left < Math.min(60, lives / 2))
    return { check: "token", level: "warn", found: `the token has ${left} of its ${lives} s left`, mend: anew };
  return {
    check: "token",
    level: "ok",
    found: `for tenant ${tenant}, environment ${environment}, ${left} of ${lives} s left`,
  };
}

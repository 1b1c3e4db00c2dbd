//! What the refresh endpoint answered to a call from outside, without a visitor's cookie. The rules are those by which
//! the widget reads the same answer; docs/guides/refresh-endpoint.md says them to whoever builds the endpoint.

use serde_json::Value;
use std::time::Duration;

use super::finding::{Check, Finding};

/// How long the widget waits.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);
/// A visitor notices from here on.
const SLOW: Duration = Duration::from_secs(2);

/// What came of the call.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Nothing within [`DEADLINE`].
    TimedOut,
    /// No connection, or one that broke.
    Unreachable(String),
    /// An answer.
    Answered(Answered),
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
    pub(super) took: Duration,
}

/// What is to be said of it, and the token where one came.
pub(super) fn judge(path: &str, outcome: &Outcome, has_cookie: bool) -> (Finding, Option<String>) {
    match outcome {
        Outcome::Answered(answered) if (200..300).contains(&answered.status) => judge_body(path, answered),
        Outcome::Answered(answered) => (judge_status(path, answered, has_cookie), None),
        Outcome::TimedOut => {
            let found = format!("POST {path} did not answer within {} s", DEADLINE.as_secs());
            (
                Finding::fail(
                    Check::Refresh,
                    found,
                    "Answer within a second or two: give the call to Weft a deadline of 5 s, and look at what else the endpoint waits for.",
                ),
                None,
            )
        }
        Outcome::Unreachable(why) => (
            Finding::fail(Check::Refresh, format!("POST {path} got no answer: {why}"), "Let the site answer it."),
            None,
        ),
    }
}

fn judge_status(path: &str, answered: &Answered, has_cookie: bool) -> Finding {
    let status = answered.status;
    let found = format!("POST {path} answers {status}");
    let fail = |mend: &str| Finding::fail(Check::Refresh, found.clone(), mend);
    match status {
        401 if has_cookie => {
            fail("The visitor whose cookie was sent is not signed in: copy it again, from a browser where they are.")
        }
        401 => Finding::ok(
            Check::Refresh,
            format!("{found}: nobody is signed in here, so that no token comes to be checked"),
        ),
        403 => Finding::warn(
            Check::Refresh,
            found,
            "Right, if it refuses strangers so. If visitors who are signed in get it too: the check of Sec-Fetch-Site must let same-origin through, and the path needs no CSRF token.",
        ),
        300..=399 => {
            let to = answered.location.as_deref().and_then(|to| to.split(['?', '#']).next()).unwrap_or("nowhere");
            Finding::fail(
                Check::Refresh,
                format!("{found}, a redirect to {to}"),
                "Answer 401 where nobody is signed in. The widget follows no redirect; take the path out of the filter that leads strangers to the login page.",
            )
        }
        404 | 405 => fail(
            "Nothing answers POST there. Build the endpoint, or correct refresh_path in the config and deploy it. (A page that calls weft.setTokenProvider needs none.)",
        ),
        419 => fail(
            "The framework wants a CSRF token. Take the path out of that check; the check of Sec-Fetch-Site does its work.",
        ),
        500..=599 => fail(
            "The endpoint fails. Its own log says why; most often Weft refused the secret key (WEFT_SECRET_KEY) or could not be reached.",
        ),
        _ => fail("It must answer 200 with a token, or 401 where nobody is signed in."),
    }
}

fn judge_body(path: &str, answered: &Answered) -> (Finding, Option<String>) {
    let fail =
        |what: &str, mend: &str| (Finding::fail(Check::Refresh, format!("POST {path} answers {what}"), mend), None);
    if answered.body.trim_ascii_start().starts_with('<') {
        return fail(
            "200 with an HTML page",
            "Answer JSON. This is a login page, most likely: answer 401 where nobody is signed in.",
        );
    }
    let Ok(body) = serde_json::from_str::<Value>(&answered.body) else {
        return fail("200 with something that isn't JSON", r#"Answer {"token": "…"} as JSON."#);
    };
    let Some(token) = body["token"].as_str() else {
        return fail(
            "200 with JSON that has no token",
            r#"Answer {"token": "…"}: the member is called token, and is a string."#,
        );
    };
    let took = format!("POST {path} answers 200 with a token, in {:.1} s", answered.took.as_secs_f64());
    let finding = if answered.took > SLOW {
        Finding::warn(
            Check::Refresh,
            took,
            "Visitors wait for it before their first message goes out: make it faster than 2 s.",
        )
    } else {
        Finding::ok(Check::Refresh, took)
    };
    (finding, Some(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn judged(status: u16, body: &str) -> (Level, String, Option<String>) {
        let answered = Answered { status, location: None, body: body.to_owned(), took: Duration::from_millis(80) };
        let (finding, token) = judge("/weft/token", &Outcome::Answered(answered), false);
        assert_eq!(finding.level == Level::Ok, finding.mend.is_empty(), "what is wrong can be mended: {finding:?}");
        (finding.level, finding.found, token)
    }

    #[test]
    fn a_token_is_taken_and_its_text_not_shown() {
        let (level, found, token) = judged(200, r#" {"token":"a.b.c","more":1}"#);
        assert_eq!((level, token.as_deref()), (Level::Ok, Some("a.b.c")));
        assert!(!found.contains("a.b.c"));
    }

    #[test]
    fn bodies_without_a_token_fail_each_in_its_own_words() {
        for (body, word) in [
            ("<!doctype html>", "HTML"),
            ("\n <html>", "HTML"),
            (r#"{"token":"#, "isn't JSON"),
            ("", "isn't JSON"),
            ("[]", "no token"),
            (r#"{"token":7}"#, "no token"),
            (r#"{"jwt":"a.b.c"}"#, "no token"),
        ] {
            let (level, found, token) = judged(200, body);
            assert_eq!((level, token), (Level::Fail, None), "{body}");
            assert!(found.contains(word), "{body}: {found}");
        }
    }

    #[test]
    fn signed_out_is_as_it_should_be_from_outside() {
        assert_eq!(judged(401, "{}").0, Level::Ok);
        assert_eq!(judged(403, "{}").0, Level::Warn);
        for status in [302, 307, 400, 404, 405, 419, 429, 500, 502] {
            assert_eq!(judged(status, "{}").0, Level::Fail, "{status}");
        }
    }

    #[test]
    fn slowness_is_told_from_two_seconds_on() {
        let with = |took| {
            let answered = Answered { status: 200, location: None, body: r#"{"token":"a.b.c"}"#.to_owned(), took };
            judge("/t", &Outcome::Answered(answered), false).0.level
        };
        assert_eq!(with(SLOW), Level::Ok);
        assert_eq!(with(SLOW + Duration::from_millis(1)), Level::Warn);
        assert_eq!(judge("/t", &Outcome::TimedOut, false).0.level, Level::Fail);
    }

    #[test]
    fn where_a_redirect_leads_is_told_without_its_query() {
        let location = Some("/login?session=secret#x".to_owned());
        let answered = Answered { status: 302, location, body: String::new(), took: Duration::ZERO };
        let (finding, _) = judge("/t", &Outcome::Answered(answered), false);
        assert!(finding.found.ends_with("a redirect to /login"), "{}", finding.found);
    }
}

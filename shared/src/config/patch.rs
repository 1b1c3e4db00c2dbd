//! `PATCH …/config`: field by field, each with its rule. Unknown fields are refused by name, null is the default.

use super::{AgentConfig, Appearance, Config, Origin, Provider, RefreshPath};
use crate::error::Refusal;
use crate::protocol::http::check_text;
use crate::protocol::http::field_name;
use crate::protocol::widget_config::{Position, Theme};
use serde_json::Value;

/// The most origins of a config.
pub(crate) const MAX_ORIGINS: usize = 20;
/// The highest limit per client IP.
pub(crate) const MAX_PER_IP: u32 = 1_000_000;
/// The most questions to begin with.
pub(crate) const MAX_QUESTIONS: usize = 4;

impl Config {
    /// This config with `body`'s fields staged in it. Nested objects merge field by field; what is absent stays.
    /// The provider `scripted` is for tests: it is known only where `allow_scripted`.
    ///
    /// # Errors
    /// `invalid_request` naming the field.
    pub fn patch(&self, body: &Value, allow_scripted: bool) -> Result<Self, Refusal> {
        let Value::Object(fields) = body else { return Err(Refusal::invalid("The body must be an object.")) };
        let mut next = self.clone();
        for (name, value) in fields {
            let field = Field { name, value };
            match name.as_str() {
                "require_signed_token" => next.require_signed_token = field.boolean()?.unwrap_or_default(),
                "base_url" => next.base_url = field.origin()?,
                "refresh_path" => next.refresh_path = field.refresh_path()?.unwrap_or_default(),
                "allowed_origins" => next.allowed_origins = field.origins()?,
                "per_ip_daily" => next.per_ip_daily = field.count()?,
                "per_ip_monthly" => next.per_ip_monthly = field.count()?,
                "appearance" => next.appearance = self.appearance.patch(field)?,
                "agent" => next.agent = self.agent.patch(field, allow_scripted)?,
                _ => return Err(unknown(name)),
            }
        }
        // Whichever of the two the patch changed, they must fit each other.
        RefreshPath::parse(next.refresh_path.as_str(), next.base_url.as_ref())
            .map_err(|error| Refusal::invalid(format!("refresh_path {error}.")))?;
        Ok(next)
    }
}

impl Appearance {
    fn patch(&self, field: Field<'_>) -> Result<Self, Refusal> {
        let default = Self::default();
        let Some(fields) = field.object()? else { return Ok(default) };
        let mut next = self.clone();
        for (name, value) in fields {
            let dotted = format!("appearance.{name}");
            let field = Field { name: &dotted, value };
            match name.as_str() {
                "title" => next.title = field.text(1, 60, false)?.unwrap_or(default.title.clone()),
                "welcome_message" => {
                    next.welcome_message = field.text(0, 500, true)?.unwrap_or(default.welcome_message.clone());
                }
                "input_placeholder" => {
                    next.input_placeholder = field.text(0, 100, false)?.unwrap_or(default.input_placeholder.clone());
                }
                "accent_color" => next.accent_color = field.color()?.unwrap_or(default.accent_color.clone()),
                "position" => next.position = field.word("bottom-right or bottom-left", Position::parse)?,
                "theme" => next.theme = field.word("light, dark or auto", Theme::parse)?,
                "locale" => next.locale = field.locale()?,
                "suggested_questions" => next.suggested_questions = field.questions()?,
                _ => return Err(unknown(&dotted)),
            }
        }
        Ok(next)
    }
}

impl AgentConfig {
    fn patch(&self, field: Field<'_>, allow_scripted: bool) -> Result<Self, Refusal> {
        let Some(fields) = field.object()? else { return Ok(Self::default()) };
        let mut next = self.clone();
        for (name, value) in fields {
            let dotted = format!("agent.{name}");
            let field = Field { name: &dotted, value };
            match name.as_str() {
                "provider" => {
                    next.provider = field.word("sources or openai", |word| match word {
                        "sources" => Some(Provider::Sources),
                        "openai" => Some(Provider::OpenAi),
                        "scripted" if allow_scripted => Some(Provider::Scripted),
                        _ => None,
                    })?;
                }
                "instructions" => next.instructions = field.text(0, 8_000, true)?.unwrap_or_default(),
                "model" => next.model = field.text(1, 100, false)?,
                _ => return Err(unknown(&dotted)),
            }
        }
        Ok(next)
    }
}

fn unknown(dotted: &str) -> Refusal {
    // What comes before the first dot is one of ours: a name without its parent has none.
    let (parent, name) = match dotted.split_once('.') {
        Some((parent @ ("appearance" | "agent"), name)) => (format!("{parent}."), name),
        _ => (String::new(), dotted),
    };
    let name = field_name(name);
    Refusal::invalid(format!("{parent}{name} is not a field of the config."))
}

/// A field of the patch. Each reader gives None for null: the default.
#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    value: &'a Value,
}

impl<'a> Field<'a> {
    fn must_be(self, rule: &str) -> Refusal {
        Refusal::invalid(format!("{} must be {rule}.", self.name))
    }

    fn object(self) -> Result<Option<&'a serde_json::Map<String, Value>>, Refusal> {
        match self.value {
            Value::Null => Ok(None),
            Value::Object(fields) => Ok(Some(fields)),
            _ => Err(self.must_be("an object")),
        }
    }

    fn boolean(self) -> Result<Option<bool>, Refusal> {
        match self.value {
            Value::Null => Ok(None),
            Value::Bool(value) => Ok(Some(*value)),
            _ => Err(self.must_be("true or false")),
        }
    }

    fn str(self) -> Result<Option<&'a str>, Refusal> {
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(self.must_be("a string")),
        }
    }

    fn text(self, least: usize, most: usize, multiline: bool) -> Result<Option<String>, Refusal> {
        let Some(text) = self.str()? else { return Ok(None) };
        check_text(self.name, text, least, most, multiline)?;
        Ok(Some(text.to_owned()))
    }

    /// One of a few words; null is the default.
    fn word<T: Default>(self, rule: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Refusal> {
        let Some(text) = self.str()? else { return Ok(T::default()) };
        parse(text).ok_or_else(|| self.must_be(rule))
    }

    fn count(self) -> Result<Option<u32>, Refusal> {
        if self.value.is_null() {
            return Ok(None);
        }
        let count = self.value.as_u64().and_then(|count| u32::try_from(count).ok());
        match count.filter(|count| (1..=MAX_PER_IP).contains(count)) {
            Some(count) => Ok(Some(count)),
            None => Err(self.must_be("a whole number from 1 to 1000000, or null")),
        }
    }

    fn origin(self) -> Result<Option<Origin>, Refusal> {
        let Some(text) = self.str()? else { return Ok(None) };
        Origin::parse(text).map(Some).map_err(|error| Refusal::invalid(format!("{} {error}.", self.name)))
    }

    fn origins(self) -> Result<Option<Vec<Origin>>, Refusal> {
        let items = match self.value {
            Value::Null => return Ok(None),
            Value::Array(items) if items.len() <= MAX_ORIGINS => items,
            _ => return Err(self.must_be("an array of up to 20 origins")),
        };
        let mut origins = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            let field = Field { name: &format!("{}[{index}]", self.name), value };
            let origin = field.origin()?.ok_or_else(|| field.must_be("a string"))?;
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        Ok(Some(origins))
    }

    fn questions(self) -> Result<Vec<String>, Refusal> {
        let items = match self.value {
            Value::Null => return Ok(Vec::new()),
            Value::Array(items) if items.len() <= MAX_QUESTIONS => items,
            _ => return Err(self.must_be("an array of up to 4 questions")),
        };
        let mut questions = Vec::with_capacity(items.len());
        for (index, value) in items.iter().enumerate() {
            let field = Field { name: &format!("{}[{index}]", self.name), value };
            questions.push(field.text(1, 100, false)?.ok_or_else(|| field.must_be("a string"))?);
        }
        Ok(questions)
    }

    fn refresh_path(self) -> Result<Option<RefreshPath>, Refusal> {
        let Some(text) = self.str()? else { return Ok(None) };
        RefreshPath::parse(text, None).map(Some).map_err(|error| Refusal::invalid(format!("{} {error}.", self.name)))
    }

    /// `#rrggbb` and nothing else: it ends in a style sheet.
    fn color(self) -> Result<Option<String>, Refusal> {
        let Some(text) = self.str()? else { return Ok(None) };
        match text.strip_prefix('#') {
            Some(digits) if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Some(text.to_ascii_lowercase()))
            }
            _ => Err(self.must_be("a color as #rrggbb")),
        }
    }

    /// A short language tag (BCP 47): subtags of 1 to 8 letters and digits, the first of 2 or 3 letters.
    fn locale(self) -> Result<Option<String>, Refusal> {
        let Some(text) = self.str()? else { return Ok(None) };
        let mut subtags = text.split('-');
        let language = subtags.next().unwrap_or_default();
        let is_tag = (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphabetic())
            && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            && text.len() <= 35;
        if is_tag { Ok(Some(text.to_owned())) } else { Err(self.must_be("a language tag as de or pt-BR, or null")) }
    }
}

//! What is said of one route: words, parameters, bodies, answers, and the refusals that its row doesn't tell.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::protocol::http::{DEFAULT_LIMIT, MAX_LIMIT};
use weft_shared::protocol::routes::Route;

const CURSOR: &str = "Where the page begins: `next_cursor` of the page before.";

/// The media type of an answer of lines, each of JSON.
pub const NDJSON: &str = "application/x-ndjson";

/// A group of operations on the page and in clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The plane that it belongs to, as the page heads it.
    pub plane: &'static str,
}

/// Gives a type's schema, as a reference where it has a name.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One content of a body or answer.
#[derive(Debug)]
pub struct Content {
    /// Its media type.
    pub media_type: &'static str,
    /// Its schema, of lines that of each line; none for what is no JSON.
    pub schema: Option<SchemaOf>,
    /// How it looks.
    pub example: Option<Value>,
}

/// A request's body.
#[derive(Debug)]
pub struct Body {
    /// Whether there must be one.
    pub is_required: bool,
    /// What it holds.
    pub content: Content,
}

/// An answer that is no refusal.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it means.
    pub about: String,
    /// What it holds.
    pub content: Option<Content>,
}

/// One route's documentation.
#[derive(Debug)]
pub struct Operation {
    /// Which route's.
    pub route: Route,
    /// Its name in clients.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What there is to know, in Markdown's plainest: paragraphs and `code`.
    pub about: &'static str,
    /// Parameters in the query and in headers, as `OpenAPI` has them, each with its type where it has one.
    pub parameters: Vec<(Value, Option<SchemaOf>)>,
    /// The request's body.
    pub body: Option<Body>,
    /// Its answers.
    pub answers: Vec<Answer>,
    /// Headers of its own that its answers have: names of [`crate::headers::components`].
    pub headers: Vec<&'static str>,
    /// Refusals that its row doesn't tell.
    pub refusals: Vec<ErrorCode>,
    /// What `{id}` is.
    pub id_schema: Option<SchemaOf>,
}

impl Operation {
    /// Documentation of this route, still without answers.
    #[must_use]
    pub const fn new(route: Route, id: &'static str, summary: &'static str) -> Self {
        Self {
            route,
            id,
            summary,
            about: "",
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            headers: Vec::new(),
            refusals: Vec::new(),
            id_schema: None,
        }
    }

    /// What there is to know.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// What `{id}` in the path is.
    #[must_use]
    pub fn id<T: JsonSchema>(mut self) -> Self {
        self.id_schema = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// A parameter in the query.
    #[must_use]
    pub fn query(mut self, name: &str, is_required: bool, schema: &Value, about: &str) -> Self {
        self.parameters.push((parameter("query", name, is_required, schema, about), None));
        self
    }

    /// A parameter in the query that is one of our names.
    #[must_use]
    pub fn query_of<T: JsonSchema>(mut self, name: &str, is_required: bool, about: &str) -> Self {
        let parameter = parameter("query", name, is_required, &Value::Null, about);
        self.parameters.push((parameter, Some(SchemaGenerator::subschema_for::<T>)));
        self
    }

    /// A header that the route reads.
    #[must_use]
    pub fn header(mut self, name: &str, is_required: bool, schema: &Value, about: &str) -> Self {
        self.parameters.push((parameter("header", name, is_required, schema, about), None));
        self
    }

    /// `limit` and `cursor` of a list whose rows are numbered.
    #[must_use]
    pub fn paged(self) -> Self {
        let cursor = json!({ "type": "string", "pattern": "^[1-9][0-9]{0,9}$" });
        self.limited().query("cursor", false, &cursor, CURSOR)
    }

    /// `limit` and `cursor` of a list in the order of such names.
    #[must_use]
    pub fn paged_by<T: JsonSchema>(self) -> Self {
        self.limited().query_of::<T>("cursor", false, CURSOR)
    }

    fn limited(self) -> Self {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
        self.query("limit", false, &limit, "How many items a page has at most.")
    }

    /// The body that a request must have.
    #[must_use]
    pub fn takes<T: JsonSchema>(self, example: Value) -> Self {
        self.with_body::<T>(true, example)
    }

    /// The body that a request may have.
    #[must_use]
    pub fn may_take<T: JsonSchema>(self, example: Value) -> Self {
        self.with_body::<T>(false, example)
    }

    fn with_body<T: JsonSchema>(mut self, is_required: bool, example: Value) -> Self {
        self.body = Some(Body { is_required, content: Content::json::<T>(example) });
        self
    }

    /// An answer with a JSON body.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: u16, about: &str, example: Value) -> Self {
        self.answers_with(status, about, Some(Content::json::<T>(example)))
    }

    /// An answer of another kind, or without a body.
    #[must_use]
    pub fn answers_with(mut self, status: u16, about: &str, content: Option<Content>) -> Self {
        self.answers.push(Answer { status, about: about.to_owned(), content });
        self
    }

    /// Its answers have this header; refusals haven't.
    #[must_use]
    pub fn sends(mut self, header: &'static str) -> Self {
        self.headers.push(header);
        self
    }

    /// Refusals that its row doesn't tell.
    #[must_use]
    pub fn refuses(mut self, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.refusals.extend(codes);
        self
    }
}

impl Content {
    /// JSON that a type reads or writes.
    #[must_use]
    pub fn json<T: JsonSchema>(example: Value) -> Self {
        Self {
            media_type: "application/json",
            schema: Some(SchemaGenerator::subschema_for::<T>),
            example: Some(example),
        }
    }

    /// Lines of JSON, each of them one that a type writes.
    #[must_use]
    pub fn lines<T: JsonSchema>(example: &str) -> Self {
        Self { media_type: NDJSON, schema: Some(SchemaGenerator::subschema_for::<T>), example: Some(json!(example)) }
    }
}

fn parameter(place: &str, name: &str, is_required: bool, schema: &Value, about: &str) -> Value {
    json!({ "in": place, "name": name, "required": is_required, "description": about, "schema": schema })
}

//! JSON objects, and nothing that only could be read as one.

use core::fmt;
use core::marker::PhantomData;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A `T` that came as an object. On its own, serde takes an array for a struct as well, field by field: a second
/// spelling of every body and frame, which nobody means and no rule was written for.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Pair {
        a: u32,
        b: Option<u32>,
    }

    #[test]
    fn an_array_is_no_object() {
        let read = |text: &str| serde_json::from_str::<Object<Pair>>(text).map(|object| object.0);
        assert_eq!(read(r#"{"a":1,"b":2}"#).expect("an object"), Pair { a: 1, b: Some(2) });
        assert!(serde_json::from_str::<Pair>("[1,2]").is_ok(), "what this is for");
        for other in ["[1,2]", "[]", "1", "null", r#""a""#, r#"{"a":1,"a":1}"#, r#"{"b":2}"#] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}

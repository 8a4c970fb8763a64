//! Typed structs out of values and back: the form in which scenarios are saved and shared.
//!
//! Written for this one purpose and without serde, whose code for the same types was 130 KB of the page.

use std::fmt;

use super::value::{Map, Value};

/// Why a value is not of a type: one sentence for the reader, with the way to the place.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeError(pub String);

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TypeError {}

impl TypeError {
    fn expected(what: &str) -> Self {
        TypeError(["expected ", what].concat())
    }

    fn inside(self, place: &str) -> Self {
        let joint = if self.0.starts_with("expected ") { ": " } else { "." };
        TypeError([place, joint, &self.0].concat())
    }
}

/// A type that scenarios consist of. The macro `typed!` writes it for structs and enums.
pub trait Typed: Sized {
    /// # Errors
    /// The value has not this type's shape.
    fn read(value: &Value) -> Result<Self, TypeError>;
    fn write(&self) -> Value;
    /// What a field is that is not there and has no other default.
    fn absent() -> Option<Self> {
        None
    }
}

/// Gives a value a type. Nulls stand for absent fields, as in Go.
///
/// # Errors
/// The value has not the shape of `T`.
pub fn from_value<T: Typed>(value: &Value) -> Result<T, TypeError> {
    T::read(value)
}

/// The value of a typed object.
pub fn to_value<T: Typed>(object: &T) -> Value {
    object.write()
}

/// The fields of a struct.
pub fn fields(value: &Value) -> Result<&Map, TypeError> {
    value.as_map().ok_or_else(|| TypeError::expected("a map"))
}

/// The name of an enum's variant and its fields, which are written `{"name": {...}}`.
pub fn variant(value: &Value) -> Result<(&str, &Map), TypeError> {
    let map = fields(value)?;
    match map.iter().next() {
        Some((name, inside)) if map.len() == 1 => Ok((name, fields(inside)?)),
        _ => Err(TypeError::expected("a map with one key")),
    }
}

pub fn unknown(name: &str) -> TypeError {
    TypeError(["expected something else than ", name].concat())
}

pub fn field<T: Typed>(map: &Map, name: &str, default: Option<T>) -> Result<T, TypeError> {
    match map.get(name) {
        Some(value) if !value.is_null() => T::read(value).map_err(|error| error.inside(name)),
        _ => default.or_else(T::absent).ok_or_else(|| TypeError::expected("a value").inside(name)),
    }
}

/// Fields that are null are left out, as Go's `omitempty` leaves out nil pointers.
pub fn put(map: &mut Map, name: &str, value: Value) {
    if !value.is_null() {
        map.insert(name.to_owned(), value);
    }
}

/// The name of a field as it is written, if it is not the same.
macro_rules! written {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// Implements [`Typed`]: for a struct whose absent fields are those of its default (`struct`), for one whose fields must
/// all be there (`whole`), for an enum of structs, and for words that a type can say of itself with `as_str`.
macro_rules! typed {
    (struct $type:ident { $($field:ident $(= $name:literal)?),* $(,)? }) => {
        impl $crate::api::typed::Typed for $type {
            fn read(value: &$crate::api::Value) -> Result<Self, $crate::api::typed::TypeError> {
                use $crate::api::typed;
                let map = typed::fields(value)?;
                let default = Self::default();
                Ok($type { $($field: typed::field(map, typed::written!($field $($name)?), Some(default.$field))?),* })
            }
            $crate::api::typed::typed!(write { $($field $(= $name)?),* });
        }
    };
    (whole $type:ident { $($field:ident $(= $name:literal)?),* $(,)? }) => {
        impl $crate::api::typed::Typed for $type {
            fn read(value: &$crate::api::Value) -> Result<Self, $crate::api::typed::TypeError> {
                use $crate::api::typed;
                let map = typed::fields(value)?;
                Ok($type { $($field: typed::field(map, typed::written!($field $($name)?), None)?),* })
            }
            $crate::api::typed::typed!(write { $($field $(= $name)?),* });
        }
    };
    (write { $($field:ident $(= $name:literal)?),* }) => {
        fn write(&self) -> $crate::api::Value {
            use $crate::api::typed;
            let mut map = $crate::api::value::Map::new();
            $(typed::put(&mut map, typed::written!($field $($name)?), self.$field.write());)*
            map.into()
        }
    };
    (enum $type:ident { $($variant:ident = $tag:literal { $($field:ident $(= $name:literal)?),* }),* $(,)? }) => {
        impl $crate::api::typed::Typed for $type {
            fn read(value: &$crate::api::Value) -> Result<Self, $crate::api::typed::TypeError> {
                use $crate::api::typed;
                let (tag, map) = typed::variant(value)?;
                Ok(match tag {
                    $($tag => $type::$variant {
                        $($field: typed::field(map, typed::written!($field $($name)?), None)?),*
                    },)*
                    _ => return Err(typed::unknown(tag)),
                })
            }
            fn write(&self) -> $crate::api::Value {
                use $crate::api::typed;
                let mut map = $crate::api::value::Map::new();
                let tag = match self {
                    $($type::$variant { $($field),* } => {
                        $(typed::put(&mut map, typed::written!($field $($name)?), $field.write());)*
                        $tag
                    })*
                };
                [(tag, map.into())].into()
            }
        }
    };
    (words $type:ident { $($variant:ident),* }) => {
        impl $crate::api::typed::Typed for $type {
            fn read(value: &$crate::api::Value) -> Result<Self, $crate::api::typed::TypeError> {
                let word = value.as_str().unwrap_or_default();
                let known = [$($type::$variant),*].into_iter().find(|known| known.as_str() == word);
                known.ok_or_else(|| $crate::api::typed::unknown(word))
            }
            fn write(&self) -> $crate::api::Value {
                self.as_str().into()
            }
        }
    };
}

pub(crate) use {typed, written};

impl Typed for String {
    fn read(value: &Value) -> Result<Self, TypeError> {
        value.as_str().map(str::to_owned).ok_or_else(|| TypeError::expected("a text"))
    }
    fn write(&self) -> Value {
        self.as_str().into()
    }
}

impl Typed for bool {
    fn read(value: &Value) -> Result<Self, TypeError> {
        value.as_bool().ok_or_else(|| TypeError::expected("true or false"))
    }
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Typed for i64 {
    fn read(value: &Value) -> Result<Self, TypeError> {
        value.as_int().ok_or_else(|| TypeError::expected("a whole number"))
    }
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl Typed for u64 {
    fn read(value: &Value) -> Result<Self, TypeError> {
        i64::read(value)?.try_into().map_err(|_| TypeError::expected("a number that is not negative"))
    }
    fn write(&self) -> Value {
        i64::try_from(*self).unwrap_or(i64::MAX).into()
    }
}

impl Typed for u32 {
    fn read(value: &Value) -> Result<Self, TypeError> {
        u64::read(value)?.try_into().map_err(|_| TypeError::expected("a smaller number"))
    }
    fn write(&self) -> Value {
        i64::from(*self).into()
    }
}

impl<T: Typed> Typed for Option<T> {
    fn read(value: &Value) -> Result<Self, TypeError> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Typed> Typed for Vec<T> {
    fn read(value: &Value) -> Result<Self, TypeError> {
        let list = value.as_list().ok_or_else(|| TypeError::expected("a list"))?;
        let mut items = Vec::with_capacity(list.len());
        for (index, item) in list.iter().enumerate() {
            items.push(T::read(item).map_err(|error| error.inside(&format!("[{index}]")))?);
        }
        Ok(items)
    }
    fn write(&self) -> Value {
        Value::List(self.iter().map(T::write).collect())
    }
}

/// A pair is a list of two.
impl<A: Typed, B: Typed> Typed for (A, B) {
    fn read(value: &Value) -> Result<Self, TypeError> {
        match value.as_list() {
            Some([first, second]) => Ok((A::read(first)?, B::read(second)?)),
            _ => Err(TypeError::expected("a list of two")),
        }
    }
    fn write(&self) -> Value {
        Value::List(vec![self.0.write(), self.1.write()])
    }
}

impl Typed for super::meta::Labels {
    fn read(value: &Value) -> Result<Self, TypeError> {
        let mut labels = Self::new();
        for (key, text) in fields(value)? {
            labels.insert(key.clone(), String::read(text).map_err(|error| error.inside(key))?);
        }
        Ok(labels)
    }
    fn write(&self) -> Value {
        super::meta::labels_to_value(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Shape {
        Dot {},
        Circle { radius: i64, note: Option<String> },
    }
    typed!(enum Shape { Dot = "dot" {}, Circle = "circle" { radius, note = "aNote" } });

    #[derive(Debug, Default, PartialEq)]
    struct Sample {
        name: String,
        count: Option<u32>,
        shapes: Vec<Shape>,
        pair: (u64, bool),
    }
    typed!(struct Sample { name, count, shapes = "theShapes", pair });

    #[test]
    fn typed_objects_come_back_from_their_value() {
        let shapes = vec![Shape::Dot {}, Shape::Circle { radius: 3, note: None }];
        let sample = Sample { name: "a".into(), count: None, shapes, pair: (7, true) };
        let value = to_value(&sample);
        assert_eq!(value.to_json(), r#"{"name":"a","pair":[7,true],"theShapes":[{"dot":{}},{"circle":{"radius":3}}]}"#);
        assert_eq!(from_value::<Sample>(&value), Ok(sample));
        assert_eq!(from_value::<Sample>(&Value::Map(Map::new())), Ok(Sample::default()));
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let shape =
            |shape: Value| from_value::<Sample>(&[("theShapes", Value::List(vec![shape]))].into()).unwrap_err().0;
        assert_eq!(shape([("circle", Value::Map(Map::new()))].into()), "theShapes.[0].radius: expected a value");
        assert_eq!(
            shape([("square", Value::Map(Map::new()))].into()),
            "theShapes.[0]: expected something else than square"
        );
        assert_eq!(shape(Value::Int(1)), "theShapes.[0]: expected a map");
        assert_eq!(
            from_value::<Sample>(&[("count", Value::Int(-1))].into()).unwrap_err().0,
            "count: expected a number that is not negative"
        );
    }
}

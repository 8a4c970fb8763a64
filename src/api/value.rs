//! A tree of plain values: what a manifest says before and after anybody gave it a type.
//!
//! Objects keep the parts that the engine does not read in this form, so nothing that the user pasted is lost.
//! Typed structs are made from it and turned back into it with serde ([`from_value`], [`to_value`]).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use serde::ser::{self, Serialize};

/// The fields of an object, in byte order of their names, as `kubectl get -o yaml` prints them.
pub type Map = BTreeMap<String, Value>;

/// A JSON value. Numbers are integers where they can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Value>),
    Map(Map),
}

impl Value {
    /// The value at a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value behind a chain of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The value at a key, made an empty map (and this value a map) where there is none yet.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        self.make_map().entry(key.to_owned()).or_insert_with(|| Value::Map(Map::new()))
    }

    /// This value as a map; anything that is not one is replaced by an empty one.
    pub fn make_map(&mut self) -> &mut Map {
        match self {
            Value::Map(map) => map,
            other => {
                *other = Value::Map(Map::new());
                other.make_map()
            }
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// JSON as Go's `encoding/json` writes it: keys sorted, no white space, `<`, `>`, `&` and the line separators
    /// U+2028 and U+2029 escaped.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&go_float(*number)),
            Value::Str(text) => write_json_string(text, out),
            Value::List(list) => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (index, (key, item)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_json_string(key, out);
                    out.push(':');
                    item.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

/// A number as Go's `encoding/json` prints a float64: plain digits, an exponent only when very small or large.
fn go_float(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent:0>2}"),
            _ => text,
        };
    }
    format!("{number}")
}

fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, const N: usize> From<[(K, Value); N]> for Value {
    fn from(fields: [(K, Value); N]) -> Self {
        Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

/// Why a value is not of a type: one sentence for the reader.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeError(pub String);

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TypeError(message.to_string())
    }
}

impl ser::Error for TypeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TypeError(message.to_string())
    }
}

/// Gives a value a type. Nulls stand for absent fields, as in Go.
///
/// # Errors
/// The value has not the shape of `T`.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, TypeError> {
    T::deserialize(value)
}

/// The value of a typed object.
///
/// # Errors
/// `T` serialises map keys that are not strings.
pub fn to_value<T: Serialize + ?Sized>(object: &T) -> Result<Value, TypeError> {
    object.serialize(ValueSerializer)
}

impl Serialize for Value {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Str(text) => serializer.serialize_str(text),
            Value::List(list) => serializer.collect_seq(list),
            Value::Map(map) => serializer.collect_map(map),
        }
    }
}

impl<'de> de::Deserialize<'de> for Value {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
                Ok(Value::Bool(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Int(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Float(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }
            fn visit_some<D: de::Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
                inner.deserialize_any(self)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
                let mut map = Map::new();
                while let Some((key, value)) = fields.next_entry()? {
                    map.insert(key, value);
                }
                Ok(Value::Map(map))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

impl<'de> de::Deserializer<'de> for &'de Value {
    type Error = TypeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Str(text) => visitor.visit_borrowed_str(text),
            Value::List(list) => visitor.visit_seq(de::value::SeqDeserializer::new(list.iter())),
            Value::Map(map) => visitor.visit_map(de::value::MapDeserializer::new(
                map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value)),
            )),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match self {
            Value::Str(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(map) if map.len() == 1 => visitor.visit_enum(de::value::MapAccessDeserializer::new(
                de::value::MapDeserializer::new(map.iter().map(|(key, value)| (key.as_str(), value))),
            )),
            _ => Err(de::Error::custom("expected a name, or a map with one key")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, TypeError> for &'de Value {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

struct ValueSerializer;

impl ser::Serializer for ValueSerializer {
    type Ok = Value;
    type Error = TypeError;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = ListSerializer;
    type SerializeTupleVariant = VariantSerializer<ListSerializer>;
    type SerializeMap = MapSerializer;
    type SerializeStruct = MapSerializer;
    type SerializeStructVariant = VariantSerializer<MapSerializer>;

    fn serialize_bool(self, truth: bool) -> Result<Value, TypeError> {
        Ok(Value::Bool(truth))
    }
    fn serialize_i8(self, number: i8) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_i16(self, number: i16) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_i32(self, number: i32) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_i64(self, number: i64) -> Result<Value, TypeError> {
        Ok(Value::Int(number))
    }
    fn serialize_u8(self, number: u8) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_u16(self, number: u16) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_u32(self, number: u32) -> Result<Value, TypeError> {
        Ok(Value::Int(number.into()))
    }
    fn serialize_u64(self, number: u64) -> Result<Value, TypeError> {
        i64::try_from(number).map(Value::Int).map_err(ser::Error::custom)
    }
    fn serialize_f32(self, number: f32) -> Result<Value, TypeError> {
        Ok(Value::Float(number.into()))
    }
    fn serialize_f64(self, number: f64) -> Result<Value, TypeError> {
        Ok(Value::Float(number))
    }
    fn serialize_char(self, c: char) -> Result<Value, TypeError> {
        Ok(Value::Str(c.to_string()))
    }
    fn serialize_str(self, text: &str) -> Result<Value, TypeError> {
        Ok(text.into())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, TypeError> {
        Ok(Value::List(bytes.iter().map(|byte| Value::Int((*byte).into())).collect()))
    }
    fn serialize_none(self) -> Result<Value, TypeError> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, inner: &T) -> Result<Value, TypeError> {
        inner.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, TypeError> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, TypeError> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<Value, TypeError> {
        Ok(name.into())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, inner: &T) -> Result<Value, TypeError> {
        inner.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        inner: &T,
    ) -> Result<Value, TypeError> {
        Ok([(name, inner.serialize(self)?)].into())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<ListSerializer, TypeError> {
        Ok(ListSerializer(Vec::new()))
    }
    fn serialize_tuple(self, _: usize) -> Result<ListSerializer, TypeError> {
        Ok(ListSerializer(Vec::new()))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ListSerializer, TypeError> {
        Ok(ListSerializer(Vec::new()))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<VariantSerializer<ListSerializer>, TypeError> {
        Ok(VariantSerializer { name, inner: ListSerializer(Vec::new()) })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<MapSerializer, TypeError> {
        Ok(MapSerializer::default())
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<MapSerializer, TypeError> {
        Ok(MapSerializer::default())
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<VariantSerializer<MapSerializer>, TypeError> {
        Ok(VariantSerializer { name, inner: MapSerializer::default() })
    }
}

struct ListSerializer(Vec<Value>);

impl ListSerializer {
    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), TypeError> {
        self.0.push(item.serialize(ValueSerializer)?);
        Ok(())
    }
}

impl ser::SerializeSeq for ListSerializer {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), TypeError> {
        self.push(item)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTuple for ListSerializer {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), TypeError> {
        self.push(item)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTupleStruct for ListSerializer {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), TypeError> {
        self.push(item)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok(Value::List(self.0))
    }
}

/// Fields that serialise to null are left out, as Go's `omitempty` leaves out nil pointers.
#[derive(Default)]
struct MapSerializer {
    map: Map,
    key: String,
}

impl MapSerializer {
    fn insert<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), TypeError> {
        let value = value.serialize(ValueSerializer)?;
        if !value.is_null() {
            self.map.insert(key, value);
        }
        Ok(())
    }
}

impl ser::SerializeMap for MapSerializer {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), TypeError> {
        match key.serialize(ValueSerializer)? {
            Value::Str(text) => self.key = text,
            other => self.key = other.to_json(),
        }
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TypeError> {
        // A map keeps its nulls: they are the user's.
        let value = value.serialize(ValueSerializer)?;
        self.map.insert(std::mem::take(&mut self.key), value);
        Ok(())
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok(Value::Map(self.map))
    }
}

impl ser::SerializeStruct for MapSerializer {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), TypeError> {
        self.insert(name.to_owned(), value)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok(Value::Map(self.map))
    }
}

struct VariantSerializer<S> {
    name: &'static str,
    inner: S,
}

impl ser::SerializeTupleVariant for VariantSerializer<ListSerializer> {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), TypeError> {
        self.inner.push(item)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok([(self.name, Value::List(self.inner.0))].into())
    }
}

impl ser::SerializeStructVariant for VariantSerializer<MapSerializer> {
    type Ok = Value;
    type Error = TypeError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), TypeError> {
        self.inner.insert(name.to_owned(), value)
    }
    fn end(self) -> Result<Value, TypeError> {
        Ok([(self.name, Value::Map(self.inner.map))].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
    enum Shape {
        Dot,
        Circle { radius: i64 },
        Named(String),
    }

    #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
    struct Sample {
        name: String,
        count: Option<u32>,
        shapes: Vec<Shape>,
        rest: Value,
    }

    #[test]
    fn typed_objects_come_back_from_their_value() {
        let sample = Sample {
            name: "a".into(),
            count: None,
            shapes: vec![Shape::Dot, Shape::Circle { radius: 3 }, Shape::Named("x".into())],
            rest: [("k", Value::Float(1.5))].into(),
        };
        let value = to_value(&sample).unwrap();
        assert_eq!(
            value.to_json(),
            r#"{"name":"a","rest":{"k":1.5},"shapes":["Dot",{"Circle":{"radius":3}},{"Named":"x"}]}"#
        );
        assert_eq!(from_value::<Sample>(&value).unwrap(), sample);
    }

    #[test]
    fn json_is_escaped_as_go_does() {
        let value = Value::from("a<b>&\"\\\n\u{1}\u{2028}é");
        assert_eq!(value.to_json(), r#""a\u003cb\u003e\u0026\"\\\n\u0001\u2028é""#);
        assert_eq!(Value::Float(1e21).to_json(), "1e+21");
        assert_eq!(Value::Float(0.0000001).to_json(), "1e-7");
        assert_eq!(Value::Float(0.15).to_json(), "0.15");
    }
}

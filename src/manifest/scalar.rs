//! What a plain scalar means in YAML 1.1 as Kubernetes' YAML library reads it (go-yaml v2, `resolve`).

use crate::api::float::parse_float;
use crate::api::value::Value;

/// The longest word that means something else than itself has so many bytes.
const WORD_MAX: usize = 5;

/// Whether a plain scalar that begins with a letter is just that text; not all others are something else.
pub(super) fn is_text(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && (text.len() > WORD_MAX || word(text).is_none())
}

/// The words that mean something else than themselves.
fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => return None,
    })
}

/// Gives a plain (unquoted) scalar its value.
pub(super) fn resolve(text: &str) -> Value {
    // Most texts, and quickly.
    if is_text(text) {
        return text.into();
    }
    if let Some(value) = word(text) {
        return value;
    }
    let number = match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' => number(text),
        b'.' => float(text),
        _ => None,
    };
    number.unwrap_or_else(|| text.into())
}

/// An integer in any of Go's notations, else a float. Underscores may stand anywhere. A time of day such as 12:30:45 is
/// no number here, and a date stays the text it is.
fn number(text: &str) -> Option<Value> {
    // Addresses, ids and whole numbers are most of what begins with a digit, and are told quickly.
    let (bytes, mut at, mut dots, mut digits, mut whole) = (text.as_bytes(), 0, 0, 0, 0i64);
    while at < bytes.len() {
        match bytes[at] {
            digit @ b'0'..=b'9' => {
                whole = whole.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
                digits += 1;
            }
            b'.' => dots += 1,
            b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X' | b'o' | b'O' | b'_' | b'+' | b'-' => {}
            _ => return None,
        }
        at += 1;
    }
    if dots > 1 {
        return None;
    }
    if digits == bytes.len() && digits <= 18 && (bytes[0] != b'0' || digits == 1) {
        return Some(Value::Int(whole));
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    integer(&plain).or_else(|| float(&plain))
}

/// Go's `strconv.ParseInt` with base 0; beyond 64 bits it goes on as a float.
fn integer(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let size = i128::from_str_radix(digits, base).ok()?;
    let number = if negative { -size } else { size };
    match i64::try_from(number) {
        Ok(number) => Some(Value::Int(number)),
        Err(_) if u64::try_from(number).is_ok() => Some(Value::Float(number as f64)),
        Err(_) => None,
    }
}

/// Digits with an optional point and exponent (`yamlStyleFloat`).
fn float(plain: &str) -> Option<Value> {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let digits = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
        && unsigned.bytes().any(|b| b.is_ascii_digit());
    let number: f64 = digits.then(|| parse_float(plain)).flatten()?;
    // As encoding/json writes it, a float without fraction looks like an integer.
    let whole = number.fract() == 0.0 && number.abs() < 9.0e15;
    Some(if whole { Value::Int(number as i64) } else { Value::Float(number) })
}

/// The text of a map key, as sigs.k8s.io/yaml turns keys of any scalar type into JSON names.
pub(super) fn key(value: Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(value.to_json()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_read_as_yaml_1_1() {
        let cases: [(&str, Value); 38] = [
            ("0644", Value::Int(420)),
            ("0o644", Value::Int(420)),
            ("0x1F", Value::Int(31)),
            ("0b101", Value::Int(5)),
            ("-0b101", Value::Int(-5)),
            ("1_000", Value::Int(1000)),
            ("+5", Value::Int(5)),
            ("-7", Value::Int(-7)),
            ("08", Value::Int(8)),
            ("0", Value::Int(0)),
            ("1.5", Value::Float(1.5)),
            (".5", Value::Float(0.5)),
            ("1e3", Value::Int(1000)),
            ("1.0", Value::Int(1)),
            ("1.16.2", "1.16.2".into()),
            ("12:30:45", "12:30:45".into()),
            ("2020-01-01", "2020-01-01".into()),
            ("yes", true.into()),
            ("Off", false.into()),
            ("n", false.into()),
            ("Y", true.into()),
            ("yEs", "yEs".into()),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nUll", "nUll".into()),
            ("-", "-".into()),
            ("+", "+".into()),
            (".", ".".into()),
            ("10%", "10%".into()),
            ("100m", "100m".into()),
            ("9223372036854775808", Value::Float(9223372036854775808.0)),
            ("0x", "0x".into()),
            ("10.53.11.2", "10.53.11.2".into()),
            ("6c2330fb-cd82", "6c2330fb-cd82".into()),
            ("123456789012345678", Value::Int(123_456_789_012_345_678)),
            ("1_0.5", Value::Float(10.5)),
            ("1.2_5", Value::Float(1.25)),
            ("007", Value::Int(7)),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}

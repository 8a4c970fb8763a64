//! The `controller-revision-hash`: FNV-1a over a Go-syntax dump of the pod template, made safe for names.
//!
//! The dump prints every field of every type, nil pointers included, so the field table of [`super::schema`] is part of
//! the hash: a release with a new field gives every template a new hash.

use super::quantity::{self, Format};
use super::schema::{self, Struct, Type};
use super::value::{Map, Value};

/// The hash of a defaulted pod template (`ComputeHash`). An unset collision count differs from 0.
pub fn compute_hash(template: &Value, collision_count: Option<i32>) -> String {
    let mut sum = Fnv(2_166_136_261);
    sum.write(dump(template).as_bytes());
    if let Some(count) = collision_count {
        sum.write(&count.to_le_bytes());
        sum.write(&[0; 4]);
    }
    safe_encode(&sum.0.to_string())
}

/// 32 bit FNV-1a.
struct Fnv(u32);

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(16_777_619);
        }
    }
}

/// Replaces each character by one that makes no words (`SafeEncodeString`).
pub fn safe_encode(text: &str) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    text.chars().map(|c| char::from(ALPHABET[c as usize % ALPHABET.len()])).collect()
}

/// The text that is hashed (`DeepHashObject`, which prints with spew).
pub fn dump(template: &Value) -> String {
    let mut out = String::with_capacity(8192);
    if let Some(root) = schema::by_name("PodTemplateSpec") {
        out.push_str("(v1.PodTemplateSpec)");
        dump_struct(&mut out, root, template.as_map());
    }
    out
}

fn dump_struct(out: &mut String, of: &Struct, map: Option<&Map>) {
    out.push('{');
    for (index, field) in of.fields.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(field.go);
        out.push(':');
        match (&field.ty, field.embedded()) {
            (Type::Struct(line), true) => {
                out.push_str(&format!("({})", field.ty.go()));
                dump_struct(out, line.get(), map);
            }
            _ => dump_value(out, &field.ty, map.and_then(|map| map.get(field.json.as_ref())), false),
        }
    }
    out.push('}');
}

/// Prints a value of a type; inside lists, maps and behind pointers the type is left out.
fn dump_value(out: &mut String, ty: &Type, value: Option<&Value>, hide: bool) {
    let value = value.filter(|value| !value.is_null());
    if let (Type::Pointer(inner), Some(value)) = (ty, value) {
        out.push_str(&if hide { "<*>".into() } else { format!("({})", ty.go()) });
        return dump_value(out, inner, Some(value), true);
    }
    if !hide {
        out.push_str(&format!("({})", ty.go()));
    }
    match ty {
        Type::Pointer(_) => out.push_str("<nil>"),
        Type::Str | Type::Named(_) | Type::Uid => out.push_str(value.and_then(Value::as_str).unwrap_or_default()),
        Type::Bool => out.push_str(if value.and_then(Value::as_bool) == Some(true) { "true" } else { "false" }),
        Type::Int32 | Type::Int64 => out.push_str(&value.and_then(Value::as_int).unwrap_or(0).to_string()),
        Type::StringMap | Type::ResourceList => dump_map(out, ty, value),
        Type::List(inner) => match value.and_then(Value::as_list) {
            Some(list) if !list.is_empty() => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    dump_value(out, inner, Some(item), true);
                }
                out.push(']');
            }
            _ => out.push_str("<nil>"),
        },
        Type::Struct(line) => dump_struct(out, line.get(), value.and_then(Value::as_map)),
        Type::Quantity => dump_quantity(out, value),
        Type::IntOrString => match value {
            Some(Value::Str(text)) => {
                out.push_str(&format!("{{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string){text}}}"));
            }
            other => {
                let number = other.and_then(Value::as_int).unwrap_or(0);
                out.push_str(&format!("{{Type:(intstr.Type)0 IntVal:(int32){number} StrVal:(string)}}"));
            }
        },
        // Only the zero time can stand in a template that the server stored from a manifest.
        Type::Time => out.push_str("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"),
        Type::Any => out.push_str("<nil>"),
    }
}

fn dump_map(out: &mut String, ty: &Type, value: Option<&Value>) {
    let inner = if *ty == Type::StringMap { Type::Str } else { Type::Quantity };
    match value.and_then(Value::as_map) {
        Some(map) if !map.is_empty() => {
            out.push_str("map[");
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                dump_value(out, &inner, Some(item), true);
            }
            out.push(']');
        }
        _ => out.push_str("<nil>"),
    }
}

/// A quantity's inner state after `ParseQuantity` read the canonical text.
fn dump_quantity(out: &mut String, value: Option<&Value>) {
    let text = match value {
        Some(Value::Str(text)) => text.clone(),
        Some(other) => other.to_json(),
        None => String::new(),
    };
    let nothing = "(*inf.Dec)<nil>".to_owned();
    let (number, scale, dec, cached, format) = match quantity::parts(&text) {
        Err(_) => (0, 0, nothing, "", ""),
        Ok(_) if text == "0" => (0, 0, nothing, "0", "DecimalSI"),
        Ok(parts) => {
            let digits = format!("{}{}", parts.whole, parts.fraction);
            let size = digits.len() as i32;
            let format = match parts.format {
                Format::BinarySi => "BinarySI",
                Format::DecimalSi => "DecimalSI",
                Format::DecimalExponent => "DecimalExponent",
            };
            let unsigned: Option<i64> = digits.parse().ok();
            let sign = if parts.negative { -1 } else { 1 };
            if parts.format == Format::BinarySi {
                let fits = parts.fraction.is_empty() && 15 - size - parts.exponent * 3 / 10 > 0;
                match unsigned.filter(|_| fits).and_then(|number| number.checked_mul(1 << parts.exponent)) {
                    Some(number) => {
                        let kept = unsigned.is_some_and(|number| number & 7 != 0);
                        (sign * number, 0, nothing, if kept { text.as_str() } else { "" }, format)
                    }
                    None => (0, 0, decimal(&text), "", format),
                }
            } else {
                let scale = parts.exponent - parts.fraction.len() as i32;
                match unsigned.filter(|_| size <= 18 && scale >= -9) {
                    Some(number) => {
                        let kept = scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0');
                        (sign * number, scale, nothing, if kept { text.as_str() } else { "" }, format)
                    }
                    None => (0, 0, decimal(&text), "", format),
                }
            }
        }
    };
    out.push_str(&format!(
        "{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:{dec}}} s:(string){cached} Format:(resource.Format){format}}}"
    ));
}

/// A number too large for the fast path, as an arbitrary-precision decimal.
fn decimal(text: &str) -> String {
    let value = quantity::Quantity::parse(text).map_or(0, |quantity| quantity.value());
    format!(
        "(*inf.Dec){{unscaled:(big.Int){{neg:(bool){} abs:(big.nat)[{}]}} scale:(inf.Scale)0}}",
        value < 0,
        value.unsigned_abs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_letters_without_vowels() {
        assert_eq!(safe_encode("0123456789"), "456789bcdf");
    }
}

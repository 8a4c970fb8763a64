//! Resource quantities (`resource.Quantity`): 500m, 64Mi, 1.5, 2e3.

use std::cmp::Ordering;
use std::fmt;

/// How a quantity is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 1e3
    DecimalExponent,
    /// 1Ki
    BinarySi,
    /// 1k
    DecimalSi,
}

/// An exact amount, kept in billionths as the original does at its finest.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

/// Why a text is no quantity; Display gives the server's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// `ErrFormatWrong`
    Format,
    /// `ErrSuffix`
    Suffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QuantityError::Format => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

impl std::error::Error for QuantityError {}

const NANO: i128 = 1_000_000_000;
/// Larger amounts are cut to this (`maxAllowed`).
const MAX: i128 = i64::MAX as i128 * NANO;

const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// The parts of a quantity's text (`parseQuantityString`).
pub(crate) struct Parts<'a> {
    pub negative: bool,
    /// Digits before the point, without leading zeros, `0` if there are none.
    pub whole: &'a str,
    /// Digits after the point.
    pub fraction: &'a str,
    pub format: Format,
    /// Of ten, or of two for [`Format::BinarySi`].
    pub exponent: i32,
}

pub(crate) fn parts(text: &str) -> Result<Parts<'_>, QuantityError> {
    let (negative, rest) = match text.as_bytes().first() {
        None => return Err(QuantityError::Format),
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = rest.split_at(digits(rest));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    // As in the original, a text without any digit is a zero when its suffix is good; `.` and `-` are caught here.
    if whole.is_empty() && fraction.is_empty() {
        return Err(QuantityError::Format);
    }
    let letters = suffix.bytes().take_while(|b| b"eEinumkKMGTP".contains(b)).count();
    let exponent = suffix[letters..].strip_prefix(['-', '+']).unwrap_or(&suffix[letters..]);
    if digits(exponent) != exponent.len() {
        return Err(QuantityError::Format);
    }
    let (format, exponent) = interpret(suffix).ok_or(QuantityError::Suffix)?;
    let stripped = whole.trim_start_matches('0');
    Ok(Parts { negative, whole: if stripped.is_empty() { "0" } else { stripped }, fraction, format, exponent })
}

fn interpret(suffix: &str) -> Option<(Format, i32)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((Format::DecimalSi, *exponent));
    }
    if let Some((_, exponent)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((Format::BinarySi, *exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((Format::DecimalExponent, exponent))
}

impl Quantity {
    /// Reads a quantity (`ParseQuantity`). Amounts finer than a billionth are rounded away from zero.
    ///
    /// # Errors
    /// The text has not the shape of a quantity.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let parts = parts(text)?;
        let (scale, power) = match parts.format {
            Format::BinarySi => (0, parts.exponent),
            _ => (parts.exponent, 0),
        };
        // The amount in billionths is number × 10^shift × 2^power; digits that cannot matter are cut off.
        let mut shift = scale.saturating_sub(parts.fraction.len() as i32).saturating_add(9);
        let (mut number, mut rest) = (0i128, false);
        for digit in parts.whole.bytes().chain(parts.fraction.bytes()).map(|digit| i128::from(digit - b'0')) {
            if number < NANO * NANO * NANO {
                number = number * 10 + digit;
            } else {
                rest |= digit != 0;
                shift = shift.saturating_add(1);
            }
        }
        let mut cut = |number: &mut i128, shift: &mut i32| {
            rest |= *number % 10 != 0;
            *number /= 10;
            *shift += 1;
        };
        while number > i128::MAX >> power {
            cut(&mut number, &mut shift);
        }
        number <<= power;
        while shift < 0 && number != 0 {
            cut(&mut number, &mut shift);
        }
        while shift > 0 && number != 0 && number < MAX {
            number *= 10;
            shift -= 1;
        }
        let nano = (number + i128::from(rest)).min(MAX);
        Ok(Quantity { nano: if parts.negative { -nano } else { nano }, format: parts.format })
    }

    /// A whole number of something, in decimal form.
    pub fn from_value(value: i64) -> Quantity {
        Quantity { nano: i128::from(value) * NANO, format: Format::DecimalSi }
    }

    /// Thousandths of something, in decimal form.
    pub fn from_milli(milli: i64) -> Quantity {
        Quantity { nano: i128::from(milli) * (NANO / 1000), format: Format::DecimalSi }
    }

    /// The amount in thousandths, rounded up (`MilliValue`), at most what an `i64` holds.
    pub fn milli(&self) -> i64 {
        self.scaled(NANO / 1000)
    }

    /// The amount in whole units, rounded up (`Value`).
    pub fn value(&self) -> i64 {
        self.scaled(NANO)
    }

    fn scaled(&self, unit: i128) -> i64 {
        let up = self.nano.div_euclid(unit) + i128::from(self.nano.rem_euclid(unit) != 0);
        up.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// The same amount rounded up to thousandths (`RoundUp(Milli)`), as resource lists are stored.
    #[must_use]
    pub fn round_up_to_milli(self) -> Quantity {
        let unit = NANO / 1000;
        let size = self.nano.abs();
        let up = size + (unit - size % unit) % unit;
        Quantity { nano: up * self.nano.signum(), format: self.format }
    }

    pub fn is_negative(&self) -> bool {
        self.nano < 0
    }

    pub fn is_zero(&self) -> bool {
        self.nano == 0
    }

    /// Not a whole number of units.
    pub fn is_fractional(&self) -> bool {
        self.nano % NANO != 0
    }

    pub fn format(&self) -> Format {
        self.format
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

/// The canonical form (`CanonicalizeBytes`): the largest suffix that leaves no fraction.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        let small = self.nano.abs() < 1024 * NANO;
        if self.format == Format::BinarySi && !small && !self.is_fractional() {
            let (mut number, mut suffix) = (self.nano / NANO, "");
            for (name, _) in BINARY {
                if number % 1024 != 0 {
                    break;
                }
                number /= 1024;
                suffix = name;
            }
            return write!(f, "{number}{suffix}");
        }
        let (mut number, mut exponent) = (self.nano, -9);
        while number % 1000 == 0 && exponent < 18 {
            number /= 1000;
            exponent += 3;
        }
        match self.format {
            Format::DecimalExponent if exponent == 0 => write!(f, "{number}"),
            Format::DecimalExponent => write!(f, "{number}e{exponent}"),
            _ => {
                let suffix = DECIMAL.iter().find(|(_, power)| *power == exponent).map_or("", |(name, _)| name);
                write!(f, "{number}{suffix}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        Quantity::parse(text).map_or_else(|error| error.to_string(), |quantity| quantity.to_string())
    }

    #[test]
    fn the_canonical_form_is_the_servers() {
        let cases = [
            ("0.1", "100m"),
            ("1.5", "1500m"),
            ("1000", "1k"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1e3"),
            ("1e2", "100"),
            ("100Ti", "100Ti"),
            ("1Ei", "1Ei"),
            ("0.5Ki", "512"),
            ("1023", "1023"),
            ("1Ki", "1Ki"),
            ("0", "0"),
            ("-5", "-5"),
            ("+5", "5"),
            ("1.", "1"),
            (".5", "500m"),
            ("150M", "150M"),
            ("1G", "1G"),
            ("0.0000000001", "1n"),
            ("100E", "9223372036854775807"),
            ("1e400", "9223372036854775807"),
            ("1e-400", "1e-9"),
            ("0.1Mi", "104857600m"),
            ("99999999999999999999999999999999999999999999", "9223372036854775807"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_told_in_the_servers_words() {
        for text in ["", "5x", "1 Gi", "-", ".", "Gi", "1e3.5", "0x10", "1,5"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::Format), "{text}");
        }
        for text in ["5ki", "1e", "1MM", "1mi"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::Suffix), "{text}");
        }
    }

    #[test]
    fn amounts_round_up() {
        let quantity = Quantity::parse("1500u").unwrap();
        assert_eq!((quantity.milli(), quantity.value()), (2, 1));
        assert_eq!(quantity.round_up_to_milli().to_string(), "2m");
        assert_eq!(Quantity::parse("64Mi").unwrap().value(), 64 << 20);
        assert!(Quantity::parse("1Gi").unwrap() > Quantity::parse("1G").unwrap());
        assert_eq!(Quantity::parse("9e30").unwrap().milli(), i64::MAX);
    }
}

//! Decimal texts to floating-point numbers.
//!
//! Like the standard library's, to the last bit, but short: that one brings tables of 10 KB that do not compress, for
//! the speed of something that hardly occurs in a manifest.

use std::cmp::Ordering;

/// Digits beyond these can no longer decide how a number is rounded, but that they are not all zero can.
const DIGITS_MAX: usize = 800;

/// Reads `12`, `-0.5`, `.5`, `1.`, `1e-3`; `None` for anything else.
pub fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let size = digits.bytes().fold(0i64, |sum, b| (sum * 10 + i64::from(b - b'0')).min(1 << 40));
            (mantissa, if exponent.starts_with('-') { -size } else { size })
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    let mut exponent = exponent - fraction.len() as i64;
    if digits.len() > DIGITS_MAX {
        exponent += (digits.len() - DIGITS_MAX) as i64;
        let is_more = digits.drain(DIGITS_MAX..).any(|digit| digit != b'0');
        if let (true, Some(last)) = (is_more, digits.last_mut()) {
            *last = (*last).max(b'1');
        }
    }
    let size = match digits.len() as i64 + exponent {
        _ if digits.is_empty() => 0.0,
        ..-400 => 0.0,
        401.. => f64::INFINITY,
        _ => nearest(&digits, exponent as i32),
    };
    Some(if text.starts_with('-') { -size } else { size })
}

/// The number nearest to so many times a power of ten.
fn nearest(digits: &[u8], exponent: i32) -> f64 {
    let (mut above, mut below) = (Big(Vec::new()), Big(vec![1]));
    for digit in digits {
        above.times_and(10, u32::from(digit - b'0'));
    }
    for _ in 0..exponent.unsigned_abs() {
        if exponent > 0 { above.times_and(10, 0) } else { below.times_and(10, 0) }
    }
    // The fraction, brought between a half and two, bit by bit.
    let shift = above.bits() - below.bits();
    if shift > 0 {
        below.shift(shift as u32)
    } else {
        above.shift(shift.unsigned_abs())
    }
    let mut quotient = 0u128;
    for _ in 0..66 {
        quotient <<= 1;
        if above.compare(&below) != Ordering::Less {
            above.subtract(&below);
            quotient |= 1;
        }
        above.shift(1);
    }
    let is_more = above.bits() > 0;
    // 53 bits of it, or fewer where numbers are so small that they have no more.
    let exponent = shift - 65;
    let drop = (128 - quotient.leading_zeros() as i32 - 53).max(-1074 - exponent);
    if drop > 100 {
        return 0.0;
    }
    let kept = (quotient >> drop) as u64;
    let half = 1u128 << (drop - 1);
    let lost = quotient & ((half << 1) - 1);
    let up = lost > half || (lost == half && (is_more || kept & 1 == 1));
    let power = exponent + drop + 1075;
    if power >= 2047 {
        return f64::INFINITY;
    }
    f64::from_bits(((power as u64) << 52).wrapping_add(kept + u64::from(up)).wrapping_sub(1 << 52))
}

/// A large whole number, the lowest 32 bits first.
struct Big(Vec<u32>);

impl Big {
    fn times_and(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn shift(&mut self, bits: u32) {
        for _ in 0..bits % 32 {
            self.times_and(2, 0);
        }
        self.0.splice(..0, (0..bits / 32).map(|_| 0));
    }

    fn bits(&self) -> i32 {
        let used = self.0.iter().rposition(|part| *part != 0).map_or(0, |last| last + 1);
        match used.checked_sub(1).and_then(|last| self.0.get(last)) {
            Some(highest) => used as i32 * 32 - highest.leading_zeros() as i32,
            None => 0,
        }
    }

    fn compare(&self, other: &Big) -> Ordering {
        let part = |big: &Big, at: usize| big.0.get(at).copied().unwrap_or(0);
        let parts = (0..self.0.len().max(other.0.len())).rev();
        parts.map(|at| part(self, at).cmp(&part(other, at))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Takes away what is not larger.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, part) in self.0.iter_mut().enumerate() {
            let take = i64::from(other.0.get(at).copied().unwrap_or(0)) + borrow;
            let left = i64::from(*part) - take;
            *part = left as u32;
            borrow = i64::from(left < 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_standard_library_does() {
        let same = |text: &str| {
            let expected = text.parse::<f64>().ok().filter(|_| !text.to_lowercase().contains(['n', 'f']));
            assert_eq!(parse_float(text).map(f64::to_bits), expected.map(f64::to_bits), "{text}");
        };
        for text in [
            "0",
            "-0",
            "1",
            "-1.5",
            ".5",
            "1.",
            ".",
            "",
            "-",
            "e5",
            "1e",
            "1e+",
            "1e5",
            "1E-5",
            "0.1",
            "0.30000000000000004",
            "9007199254740993",
            "9007199254740992.5",
            "9007199254740993.000000000000000000000000001",
            "1e22",
            "1e23",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "4.9406564584124654e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "5e-324",
            "1e-400",
            "1e400",
            "-1e999999999999",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "1.8e308",
            "123456789012345678901234567890",
            "00.00100",
            "1e0000001",
            "1 ",
            "1_0",
            "0x1",
            "6.02214076e23",
            "inf",
            "NaN",
        ] {
            same(text);
        }
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 20
        };
        for _ in 0..3_000 {
            let bits = f64::from_bits(random() << 20 ^ random());
            if bits.is_finite() {
                same(&format!("{bits:e}"));
            }
            same(&format!("{}.{}e{}", random() % 100_000, random(), random() % 680));
            same(&format!("{}e-{}", random(), random() % 340));
            same(&format!("{}.{}", random() % 1000, random() % 10_000));
        }
        same(&("1".repeat(900) + "." + &"2".repeat(900)));
        same(&("9007199254740993".to_owned() + &"0".repeat(900) + "1"));
        same(&("9007199254740993.".to_owned() + &"0".repeat(900) + "1"));
    }
}

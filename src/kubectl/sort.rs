//! Sorting as Go's `sort.Sort` does (pattern-defeating quicksort): not stable, but the same each time. `kubectl describe`
//! sorts its events by whole seconds with it, so the order of those within one second follows from it.

/// Below this length, insertion.
const INSERTION_MAX: usize = 12;
/// From this length on, more care is taken.
const LONG: usize = 50;

/// Sorts in place; `less` compares two items.
pub fn sort<T>(items: &mut [T], less: &dyn Fn(&T, &T) -> bool) {
    let limit = usize::BITS - items.len().leading_zeros();
    let end = items.len();
    Sorter { items, less }.quick(0, end, limit);
}

struct Sorter<'a, T> {
    items: &'a mut [T],
    less: &'a dyn Fn(&T, &T) -> bool,
}

impl<T> Sorter<'_, T> {
    fn less(&self, i: usize, j: usize) -> bool {
        (self.less)(&self.items[i], &self.items[j])
    }

    fn insertion(&mut self, a: usize, b: usize) {
        for i in a + 1..b {
            let mut j = i;
            while j > a && self.less(j, j - 1) {
                self.items.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    fn quick(&mut self, mut a: usize, mut b: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = b - a;
            if length <= INSERTION_MAX || limit == 0 {
                // So many bad pivots come from nobody's events; any sort will do then.
                return self.insertion(a, b);
            }
            if !balanced {
                self.break_patterns(a, b);
                limit -= 1;
            }
            let (mut pivot, swaps) = self.choose_pivot(a, b);
            let mut increasing = swaps == 0;
            if swaps == 12 {
                self.items[a..b].reverse();
                pivot = (b - 1) - (pivot - a);
                increasing = true;
            }
            if balanced && partitioned && increasing && self.nearly_sorted(a, b) {
                return;
            }
            if a > 0 && !self.less(a - 1, pivot) {
                a = self.partition_equal(a, b, pivot);
                continue;
            }
            let (middle, already) = self.partition(a, b, pivot);
            partitioned = already;
            let (left, right) = (middle - a, b - middle);
            if left < right {
                balanced = left >= length / 8;
                self.quick(a, middle, limit);
                a = middle + 1;
            } else {
                balanced = right >= length / 8;
                self.quick(middle + 1, b, limit);
                b = middle;
            }
        }
    }

    /// Items that are smaller than the pivot, the pivot, and the rest.
    fn partition(&mut self, a: usize, b: usize, pivot: usize) -> (usize, bool) {
        self.items.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        let mut already = true;
        loop {
            while i <= j && self.less(i, a) {
                i += 1;
            }
            while i <= j && !self.less(j, a) {
                j -= 1;
            }
            if i > j {
                break;
            }
            already = false;
            self.items.swap(i, j);
            i += 1;
            j -= 1;
        }
        self.items.swap(j, a);
        (j, already)
    }

    /// Items that equal the pivot, and those that are larger: none is smaller.
    fn partition_equal(&mut self, a: usize, b: usize, pivot: usize) -> usize {
        self.items.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        loop {
            while i <= j && !self.less(a, i) {
                i += 1;
            }
            while i <= j && self.less(a, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.items.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    /// Whether a few exchanges were enough.
    fn nearly_sorted(&mut self, a: usize, b: usize) -> bool {
        let mut i = a + 1;
        for _ in 0..5 {
            while i < b && !self.less(i, i - 1) {
                i += 1;
            }
            if i == b {
                return true;
            }
            if b - a < LONG {
                return false;
            }
            self.items.swap(i, i - 1);
            let mut j = i - 1;
            while i - a >= 2 && j >= 1 && self.less(j, j - 1) {
                self.items.swap(j, j - 1);
                j -= 1;
            }
            let mut j = i + 1;
            while b - i >= 2 && j < b && self.less(j, j - 1) {
                self.items.swap(j, j - 1);
                j += 1;
            }
        }
        false
    }

    /// Exchanges three items in the middle by a small generator of numbers.
    fn break_patterns(&mut self, a: usize, b: usize) {
        let length = b - a;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let modulus = 1usize << (usize::BITS - length.leading_zeros());
        let middle = a + (length / 4) * 2 - 1;
        for step in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = random as usize & (modulus - 1);
            if other >= length {
                other -= length;
            }
            self.items.swap(middle - 1 + step, a + other);
        }
    }

    /// A pivot, and how many exchanges would have put the samples in order.
    fn choose_pivot(&self, a: usize, b: usize) -> (usize, usize) {
        let quarter = (b - a) / 4;
        let (mut i, mut j, mut k) = (a + quarter, a + quarter * 2, a + quarter * 3);
        let mut swaps = 0;
        if b - a >= 8 {
            if b - a >= LONG {
                for at in [&mut i, &mut j, &mut k] {
                    *at = self.median(*at - 1, *at, *at + 1, &mut swaps);
                }
            }
            j = self.median(i, j, k, &mut swaps);
        }
        (j, swaps)
    }

    fn median(&self, mut a: usize, mut b: usize, mut c: usize, swaps: &mut usize) -> usize {
        if self.less(b, a) {
            *swaps += 1;
            std::mem::swap(&mut a, &mut b);
        }
        if self.less(c, b) {
            *swaps += 1;
            std::mem::swap(&mut b, &mut c);
        }
        if self.less(b, a) {
            *swaps += 1;
            std::mem::swap(&mut a, &mut b);
        }
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_is_sorted() {
        for length in [0usize, 1, 2, 12, 13, 20, 50, 51, 100, 1000] {
            for step in [1usize, 3, 7, 11, 101] {
                let mut items: Vec<usize> = (0..length).map(|at| at * step % (length / 3 + 1)).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                sort(&mut items, &|a, b| a < b);
                assert_eq!(items, expected, "{length} {step}");
            }
        }
    }
}

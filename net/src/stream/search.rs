//! The search for the end of what is read: for one of several separators.

/// Separators, none of them empty, the shortest first.
pub(crate) struct Search<'a, S> {
    separators: &'a [S],
    /// Where in the buffer none can begin before.
    offset: usize,
}

/// Where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a, S: AsRef<[u8]>> Search<'a, S> {
    /// `None` without separators, or with an empty one. It sorts them.
    pub(crate) fn new(separators: &'a mut [S]) -> Option<Search<'a, S>> {
        separators.sort_by_key(|separator| separator.as_ref().len());
        let shortest = separators.first()?.as_ref();
        (!shortest.is_empty()).then_some(Search { separators, offset: 0 })
    }

    /// Looks through the buffer, which since the last time has only grown, for the separator that ends first; of two of them, the shorter.
    pub(crate) fn find(&mut self, buffer: &[u8]) -> Option<Found> {
        let (shortest, longest) = (
            self.separators.first()?.as_ref().len(),
            self.separators.last()?.as_ref().len(),
        );
        if buffer.len().saturating_sub(self.offset) < shortest {
            return None;
        }
        let mut found: Option<Found> = None;
        for separator in self.separators.iter().map(AsRef::as_ref) {
            // One that ends after the one that was found is of no use.
            let within = found.map_or(buffer.len(), |found| found.end);
            if let Some(start) = find_from(&buffer[..within], self.offset, separator)
                && found.is_none_or(|found| start + separator.len() < found.end)
            {
                let end = start + separator.len();
                found = Some(Found { start, end });
            }
        }
        if found.is_none() {
            self.offset = (buffer.len() + 1).saturating_sub(longest);
        }
        found
    }

    /// How many bytes of the buffer are certainly in front of the first separator, after a search that has found none.
    pub(crate) fn passed(&self) -> usize {
        self.offset
    }
}

fn find_from(buffer: &[u8], from: usize, separator: &[u8]) -> Option<usize> {
    let (&first, rest) = separator.split_first()?;
    let mut from = from;
    loop {
        let start = from + buffer.get(from..)?.iter().position(|&byte| byte == first)?;
        if buffer[start + 1..].starts_with(rest) {
            return Some(start);
        }
        from = start + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Search};

    /// What is found when the buffer grows from one of these to the next.
    fn found<const N: usize>(mut separators: [&str; N], buffers: &[&str]) -> Vec<Option<(usize, usize)>> {
        let mut search = Search::new(&mut separators).expect("separators");
        let found = |buffer: &&str| search.find(buffer.as_bytes()).map(|Found { start, end }| (start, end));
        buffers.iter().map(found).collect()
    }

    #[test]
    fn the_one_that_ends_first_is_found_and_of_two_the_shorter() {
        assert_eq!(found(["bc", "abcd"], &["xabcd"]), [Some((2, 4))]);
        assert_eq!(found(["cd", "abcd"], &["xabcd"]), [Some((3, 5))]);
        assert_eq!(found(["\n"], &["\n\n"]), [Some((0, 1))]);
    }

    #[test]
    fn a_separator_in_two_chunks_is_found() {
        assert_eq!(found(["\r\n"], &["ab\r", "ab\r\n"]), [None, Some((2, 4))]);
    }

    #[test]
    fn what_cannot_be_the_beginning_of_one_is_passed() {
        let mut separators = ["abc"];
        let mut search = Search::new(&mut separators).expect("separators");
        assert_eq!(search.find(b"xxxab"), None);
        assert_eq!(search.passed(), 3);
    }

    #[test]
    fn a_beginning_that_is_not_the_separator_is_passed() {
        assert_eq!(found(["aab"], &["aaab"]), [Some((1, 4))]);
    }

    #[test]
    fn none_and_an_empty_one_are_refused() {
        assert!(Search::<&str>::new(&mut []).is_none() && Search::new(&mut ["x", ""]).is_none());
    }
}

//! The client URLs of all members, as text: `/v2/machines`.

/// Writes the URLs as servers do.
#[must_use]
pub fn encode(urls: &[String]) -> String {
    urls.join(", ")
}

/// Reads the URLs.
pub fn decode(text: &str) -> impl Iterator<Item = &str> {
    let urls = text.split(',').map(str::trim);
    urls.filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        let text = "http://a:1, http://b:2";
        let urls: Vec<_> = decode(text).map(str::to_owned).collect();
        assert_eq!(urls, ["http://a:1", "http://b:2"]);
        assert_eq!(encode(&urls), text);
        assert_eq!(decode("").count(), 0);
    }
}

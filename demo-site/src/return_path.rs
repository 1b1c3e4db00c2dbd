//! Where a visitor goes after logging in: back to where they were, as the page's `next` says. `next` is input, and
//! a login that sends people to any address is a phisher's friend: only this site's own paths are followed.

/// `next` where it is one of this site's paths, else `/`.
#[must_use]
pub fn return_path(next: Option<&str>) -> &str {
    next.filter(|path| is_own_path(path)).unwrap_or("/")
}

/// Browsers read `//host` and `/\host` as another site, and drop tabs and line breaks before they look.
fn is_own_path(path: &str) -> bool {
    path.len() <= 200
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::return_path;

    #[test]
    fn own_paths_are_followed() {
        for path in ["/", "/help/shipping", "/products/night-ferry", "/basket?a=b&c=d"] {
            assert_eq!(return_path(Some(path)), path);
        }
        assert_eq!(return_path(None), "/");
    }

    #[test]
    fn other_sites_are_not() {
        for path in ["", "//evil.example", "/\\evil", "https://evil.example", "/\t/evil", "help", "/%2fevil", "/a\r\nb"]
        {
            assert_eq!(return_path(Some(path)), "/", "{path:?}");
        }
    }
}

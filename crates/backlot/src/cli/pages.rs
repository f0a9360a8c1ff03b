//! Lists that are longer than what is read at once.

use std::io::Write as _;

/// The number of rows that are read at once.
const PAGE: u32 = 500;

/// Prints up to `limit` rows, a page at a time. `read` returns a page with the number of rows that it is asked for, after
/// the last one; `none` is said if there is no row at all.
pub(super) async fn print_pages<Row>(
    limit: u32,
    none: &str,
    mut read: impl AsyncFnMut(Option<&Row>, u32) -> anyhow::Result<Vec<Row>>,
    mut print: impl FnMut(&Row) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut left, mut last) = (limit, None);
    while left > 0 {
        let size = left.min(PAGE);
        let page = read(last.as_ref(), size).await?;
        page.iter().try_for_each(&mut print)?;
        if page.is_empty() && last.is_none() {
            writeln!(std::io::stderr(), "{none}")?;
        }
        left -= size;
        if page.len() < size as usize {
            break;
        }
        last = page.into_iter().next_back();
    }
    Ok(())
}

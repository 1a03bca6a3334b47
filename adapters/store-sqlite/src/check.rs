//! Looking at a store that nobody has open.

use std::{fs, path::Path};

use ports::driven::StoreError;

use crate::{
    database, directory,
    error::{io_error, store_error},
};

/// The most complaints that are told.
const MOST: usize = 20;

/// What SQLite finds damaged in the store at `path`; nothing, if it is sound.
/// `None` if there is no store. Changes nothing in it, but keeps others from
/// opening it meanwhile, and is refused while somebody has it open. Reads all of
/// it.
pub fn quick_check(path: &Path) -> Result<Option<Vec<String>>, StoreError> {
    if !fs::exists(path).map_err(io_error)? {
        return Ok(None);
    }
    let _lock = directory::claim(path.parent().unwrap_or(Path::new(".")))?;
    let failed = |error| store_error("check", error);
    let connection = database::open_reader(path).map_err(failed)?;
    let query = format!("PRAGMA quick_check({MOST})");
    let mut statement = connection.prepare(&query).map_err(failed)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(failed)?;
    Ok(Some(found.into_iter().filter(|line| line != "ok").collect()))
}

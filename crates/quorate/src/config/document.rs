//! Reading documents from files, bounded.

use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::{ConfigError, Format, Origin};

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The bytes of a file; `None` if there is none.
pub(super) async fn file(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    let failed = |source| ConfigError::File {
        path: path.to_owned(),
        source,
    };
    let file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    let mut limited = file.take(MAX_FILE_BYTES + 1);
    limited.read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("it has more than {MAX_FILE_BYTES} bytes");
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, message)));
    }
    Ok(Some(bytes))
}

/// What a document says; its top level has to be a map.
pub(super) fn parse(format: Format, bytes: &[u8], origin: &Origin) -> Result<Value, ConfigError> {
    match format.parse(bytes, origin)? {
        // A YAML document of comments only.
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        map @ Value::Object(_) => Ok(map),
        _ => Err(ConfigError::Document {
            origin: origin.clone(),
            format,
            reason: "its top level is no map".into(),
        }),
    }
}

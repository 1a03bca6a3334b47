//! Packs what `src/schema.rs` unpacks: as text it would be a twentieth of the
//! program.

use std::{env, error::Error, fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    for name in ["schema.json", "shape.json"] {
        let text = fs::read(Path::new("src").join(name))?;
        let file = fs::File::create(Path::new(&out).join(name).with_extension("deflate"))?;
        let mut packer = DeflateEncoder::new(file, Compression::best());
        packer.write_all(&text)?;
        packer.finish()?;
        println!("cargo::rerun-if-changed=src/{name}");
    }
    Ok(())
}

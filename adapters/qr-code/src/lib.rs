#![doc = include_str!("../README.md")]

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ports::{Json, driven::CodeWriter};
use qrcode::{Color, EcLevel, QrCode, render::unicode::Dense1x2};

/// The light frame around a code, in its own squares (ISO/IEC 18004).
const QUIET: usize = 4;
/// Pixels of one square of a picture.
const SCALE: usize = 6;

/// Writes codes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Codes;

impl CodeWriter for Codes {
    fn encode(&self, contents: &Json) -> String {
        URL_SAFE_NO_PAD.encode(contents.as_str())
    }

    fn picture(&self, text: &str) -> Option<String> {
        let png = png(&code(text)?)?;
        Some(format!("data:image/png;base64,{}", STANDARD.encode(png)))
    }
}

/// `text` as a QR code for a terminal with a dark background, two squares of it
/// in one character. None if it is too long for one.
pub fn drawing(text: &str) -> Option<String> {
    let drawn = code(text)?
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    Some(drawn)
}

/// Read from a screen, so little has to be repaired.
fn code(text: &str) -> Option<QrCode> {
    QrCode::with_error_correction_level(text, EcLevel::L).ok()
}

fn png(code: &QrCode) -> Option<Vec<u8>> {
    let width = code.width();
    let side = (width + 2 * QUIET) * SCALE;
    let colours = code.to_colors();
    let dark = |x: usize, y: usize| {
        let square = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|at| *at < width);
        let place = square(x).zip(square(y));
        place.is_some_and(|(x, y)| colours[y * width + x] == Color::Dark)
    };
    let mut rows = vec![0u8; side.div_ceil(8) * side];
    for y in 0..side {
        for x in (0..side).filter(|x| !dark(*x, y)) {
            rows[y * side.div_ceil(8) + x / 8] |= 0x80 >> (x % 8);
        }
    }
    let mut file = Vec::new();
    let pixels = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&rows)).ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not only a file of the right kind: the squares of the code are in it.
    #[test]
    fn a_picture_shows_the_code() {
        let text = "oc-setup-code-that-is-long-enough-to-need-a-few-rows";
        let url = Codes.picture(text).unwrap();
        let file = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut rows = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rows).unwrap();
        let code = code(text).unwrap();
        let side = (code.width() + 2 * QUIET) * SCALE;
        assert_eq!((info.width as usize, info.height as usize), (side, side));
        let light = |x: usize, y: usize| rows[y * info.line_size + x / 8] & (0x80 >> (x % 8)) != 0;
        for y in 0..code.width() {
            for x in 0..code.width() {
                let middle = |at: usize| (at + QUIET) * SCALE + SCALE / 2;
                let dark = code[(x, y)] == Color::Dark;
                assert_eq!(light(middle(x), middle(y)), !dark, "{x}, {y}");
            }
        }
        assert!(light(0, 0) && light(side - 1, side - 1));
    }

    #[test]
    fn text_and_drawing() {
        assert_eq!(Codes.encode(&Json::of(&"??>")), "Ij8_PiI");
        let drawn = drawing("hello").unwrap();
        assert!(drawn.lines().count() > 10 && drawn.contains('\u{2588}'));
    }

    #[test]
    fn what_is_too_long_is_no_code() {
        let endless = "x".repeat(10_000);
        assert_eq!(Codes.picture(&endless), None);
        assert_eq!(drawing(&endless), None);
    }
}

//! A checksum that notices flipped bits: CRC-32C, eight bytes at a time.

/// What has been added so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checksum(u32);

/// Separates texts; occurs in none, because it is not UTF-8.
const END: &[u8] = &[0xff];
/// Stands for a text that is not there.
const NONE: &[u8] = &[0xfe];

impl Checksum {
    pub(crate) const fn new() -> Self {
        Self(!0)
    }

    pub(crate) fn number(self, number: i64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).bytes(END)
    }

    pub(crate) fn optional(self, text: Option<&str>) -> Self {
        text.map_or_else(|| self.bytes(NONE), |text| self.text(text))
    }

    pub(crate) const fn get(self) -> u32 {
        !self.0
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let mut crc = self.0;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let [a, b, c, d] =
                (u32::from_le_bytes([word[0], word[1], word[2], word[3]]) ^ crc).to_le_bytes();
            let look_up = |zeros: usize, byte: u8| TABLES[zeros][usize::from(byte)];
            crc = look_up(7, a)
                ^ look_up(6, b)
                ^ look_up(5, c)
                ^ look_up(4, d)
                ^ look_up(3, word[4])
                ^ look_up(2, word[5])
                ^ look_up(1, word[6])
                ^ look_up(0, word[7]);
        }
        for byte in rest {
            crc = TABLES[0][usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8);
        }
        Self(crc)
    }
}

/// `TABLES[n][b]`: what the byte `b` followed by `n` zero bytes adds.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    /// The polynomial of Castagnoli, its bits in reverse.
    const POLYNOMIAL: u32 = 0x82f6_3b78;

    let mut tables = [[0; 256]; 8];
    // `for` cannot be used in a constant.
    let mut byte = 0;
    let mut start = 0;
    while byte < 256 {
        let mut crc: u32 = start;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
        start += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc: u32 = tables[zeros - 1][byte];
            tables[zeros][byte] = tables[0][(crc & 0xff) as usize] ^ (crc >> 8);
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// The check value of the catalogue of CRCs, and pieces of every length.
#[test]
fn it_is_crc_32c() {
    assert_eq!(Checksum::new().bytes(b"123456789").get(), 0xe306_9283);
    let bytes: Vec<u8> = (0..=255).collect();
    let whole = Checksum::new().bytes(&bytes).get();
    for cut in 0..bytes.len() {
        let (front, back) = bytes.split_at(cut);
        assert_eq!(Checksum::new().bytes(front).bytes(back).get(), whole, "cut at {cut}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let sum = |text: &[u8]| Checksum::new().bytes(text).get();
    let mut bytes = *b"the quick brown fox jumps over the lazy dog";
    let right = sum(&bytes);
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(sum(&bytes), right, "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn texts_do_not_run_into_each_other() {
    let sum = |a, b| Checksum::new().optional(a).optional(b).get();
    assert_ne!(sum(Some("ab"), Some("c")), sum(Some("a"), Some("bc")));
    assert_ne!(sum(None, Some("")), sum(Some(""), None));
}

//! How wide texts are, in the one font that documents are set in. Whole numbers only: tenths of a point.

use ttf_parser::Face;

/// DejaVu Sans: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic letters, and most signs of currencies.
pub(super) const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// Measures texts.
pub(super) struct Ruler(Option<Face<'static>>);

impl Ruler {
    /// A ruler. The font is part of the program: that it can be read is tested.
    pub(super) fn new() -> Self {
        Self(Face::parse(FONT, 0).ok())
    }

    /// How wide `text` is at a size, both in tenths of a point.
    pub(super) fn width(&self, text: &str, size: i32) -> i32 {
        let units = |face: &Face<'_>| {
            let glyphs = text.chars().map(|c| face.glyph_index(c).unwrap_or_default());
            let advances: i64 =
                glyphs.map(|glyph| i64::from(face.glyph_hor_advance(glyph).unwrap_or_default())).sum();
            advances * i64::from(size) / i64::from(face.units_per_em().max(1))
        };
        self.0.as_ref().map_or(0, |face| i32::try_from(units(face)).unwrap_or(i32::MAX))
    }

    /// Whether the font has all of `text`.
    #[cfg(test)]
    pub(super) fn has(&self, text: &str) -> bool {
        let known = |face: &Face<'_>| text.chars().all(|c| face.glyph_index(c).is_some());
        self.0.as_ref().is_some_and(known)
    }

    /// `text` in lines of at most `width`, broken between words, and within those that are wider.
    pub(super) fn lines(&self, text: &str, size: i32, width: i32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            self.put(&mut lines, word, size, width);
        }
        lines
    }

    fn put(&self, lines: &mut Vec<String>, word: &str, size: i32, width: i32) {
        let Some(line) = lines.last_mut() else { return };
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if self.width(&longer, size) <= width {
            *line = longer;
            return;
        }
        if self.width(word, size) <= width {
            lines.push(word.to_owned());
            return;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for c in word.chars() {
            let Some(line) = lines.last_mut() else { return };
            line.push(c);
            if self.width(line, size) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(c.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_europe_have_their_width() {
        let ruler = Ruler::new();
        assert_eq!(ruler.width("", 100), 0);
        assert!(ruler.width("WWW", 100) > ruler.width("iii", 100));
        for name in
            ["Αλέξανδρος Παπαδόπουλος", "Софья Ковалевская", "Łukasz Źdźbło", "Žofie Ångström", "€ £ zł ₴"]
        {
            assert!(ruler.has(name), "{name}");
        }
        assert!(!ruler.has("山田"), "not these: the docs say so");
    }

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        let ruler = Ruler::new();
        let wide = ruler.width("hand made", 80);
        assert_eq!(ruler.lines("hand made mugs", 80, wide), ["hand made", "mugs"]);
        let broken = ruler.lines("a Donaudampfschifffahrtsgesellschaft", 80, wide);
        assert!(broken.len() > 2 && broken.iter().all(|line| ruler.width(line, 80) <= wide), "{broken:?}");
        assert_eq!(broken.concat(), "aDonaudampfschifffahrtsgesellschaft");
    }
}

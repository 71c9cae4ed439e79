//! Rectangles on a picture of the page: what a developer or an administrator looks at.

use crate::model::Rect;
use crate::raster::Raster;

/// An RGB picture, row by row, three bytes a pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [0, 150, 60];
pub const BLUE: [u8; 3] = [30, 80, 230];
pub const ORANGE: [u8; 3] = [240, 140, 0];
pub const PURPLE: [u8; 3] = [150, 40, 190];
pub const CYAN: [u8; 3] = [0, 170, 190];

impl Picture {
    pub fn of(raster: &Raster) -> Self {
        let rgb = raster.gray.iter().flat_map(|&g| [g, g, g]).collect();
        Self { width: raster.width, height: raster.height, rgb }
    }

    /// Colours a filled rectangle like a text marker: ink stays dark.
    pub fn tint(&mut self, rect: Rect, colour: [u8; 3]) {
        self.each(rect, |px| {
            for (p, c) in px.iter_mut().zip(colour) {
                *p = (u32::from(*p) * (u32::from(c) + 255 * 3) / (255 * 4)) as u8;
            }
        });
    }

    /// Draws the border just outside a rectangle, `thick` pixels wide.
    pub fn frame(&mut self, r: Rect, thick: i32, colour: [u8; 3]) {
        let o = Rect::new(r.x0 - thick, r.y0 - thick, r.x1 + thick, r.y1 + thick);
        for side in [
            Rect::new(o.x0, o.y0, o.x1, r.y0),
            Rect::new(o.x0, r.y1, o.x1, o.y1),
            Rect::new(o.x0, r.y0, r.x0, r.y1),
            Rect::new(r.x1, r.y0, o.x1, r.y1),
        ] {
            self.each(side, |px| px.copy_from_slice(&colour));
        }
    }

    /// What lies inside a rectangle; none where that is nothing.
    pub fn part(&self, r: Rect) -> Option<Picture> {
        let r = r.intersect(&Rect::new(0, 0, self.width as i32, self.height as i32))?;
        let row = |y: i32| {
            let at = y as usize * self.width;
            &self.rgb[(at + r.x0 as usize) * 3..(at + r.x1 as usize) * 3]
        };
        let rgb = (r.y0..r.y1).flat_map(row).copied().collect();
        Some(Picture { width: r.width() as usize, height: r.height() as usize, rgb })
    }

    fn each(&mut self, r: Rect, mut f: impl FnMut(&mut [u8])) {
        let (x0, x1) = (r.x0.clamp(0, self.width as i32) as usize, r.x1.clamp(0, self.width as i32) as usize);
        let (y0, y1) = (r.y0.clamp(0, self.height as i32) as usize, r.y1.clamp(0, self.height as i32) as usize);
        for y in y0..y1 {
            for x in x0..x1 {
                let i = (y * self.width + x) * 3;
                f(&mut self.rgb[i..i + 3]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_beyond_the_edge_is_cut_off() {
        let mut p = Picture::of(&Raster::white(10, 10, (200.0, 200.0)));
        p.frame(Rect::new(-5, 3, 4, 40), 1, RED);
        assert_eq!(p.rgb[(5 * 10 + 4) * 3..(5 * 10 + 4) * 3 + 3], RED);
        assert_eq!(p.rgb[(2 * 10) * 3..(2 * 10) * 3 + 3], RED);
        assert_eq!(p.rgb[(5 * 10 + 5) * 3..(5 * 10 + 5) * 3 + 3], [255; 3]);
    }
}

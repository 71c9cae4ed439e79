//! Native pixels ↔ page pixels: to 200 dpi and level, as one affine map without resampling anything.

/// Dots per inch of the page image that people and rules see.
pub const PAGE_DPI: f32 = 200.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Map {
    /// Page pixels for one native pixel, across and down.
    pub sx: f32,
    pub sy: f32,
    /// How far text falls to the right, in page pixels a page pixel.
    pub m: f32,
    cx: f32,
    cy: f32,
}

impl Map {
    pub fn new(width: usize, height: usize, dpi: (f32, f32), m: f32) -> Self {
        let (sx, sy) = (PAGE_DPI / dpi.0, PAGE_DPI / dpi.1);
        Self { sx, sy, m, cx: width as f32 * sx / 2.0, cy: height as f32 * sy / 2.0 }
    }

    #[inline]
    pub fn to_page(self, x: f32, y: f32) -> (f32, f32) {
        let (u, v) = (x * self.sx, y * self.sy);
        (u + self.m * (v - self.cy), v - self.m * (u - self.cx))
    }

    #[inline]
    pub fn to_native(self, u: f32, v: f32) -> (f32, f32) {
        let (du, dv) = (u - self.cx, v - self.cy);
        let k = 1.0 / (1.0 + self.m * self.m);
        ((self.cx + (du - self.m * dv) * k) / self.sx, (self.cy + (dv + self.m * du) * k) / self.sy)
    }
}

/// A rectangle in page pixels with fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub u0: f32,
    pub v0: f32,
    pub u1: f32,
    pub v1: f32,
}

impl Area {
    pub const NONE: Self = Self { u0: f32::MAX, v0: f32::MAX, u1: f32::MIN, v1: f32::MIN };

    pub fn width(&self) -> f32 {
        self.u1 - self.u0
    }
    pub fn height(&self) -> f32 {
        self.v1 - self.v0
    }
    pub fn mid_v(&self) -> f32 {
        (self.v0 + self.v1) / 2.0
    }
    pub fn mid_u(&self) -> f32 {
        (self.u0 + self.u1) / 2.0
    }
    pub fn union(&self, o: &Self) -> Self {
        Self { u0: self.u0.min(o.u0), v0: self.v0.min(o.v0), u1: self.u1.max(o.u1), v1: self.v1.max(o.v1) }
    }
    pub fn grown_by(&self, du: f32, dv: f32) -> Self {
        Self { u0: self.u0 - du, v0: self.v0 - dv, u1: self.u1 + du, v1: self.v1 + dv }
    }
    pub fn grown(&self, d: f32) -> Self {
        self.grown_by(d, d)
    }
    /// Does the other's middle lie in here?
    pub fn contains_mid(&self, o: &Self) -> bool {
        (self.u0..=self.u1).contains(&o.mid_u()) && (self.v0..=self.v1).contains(&o.mid_v())
    }
    pub fn contains(&self, o: &Self) -> bool {
        self.u0 <= o.u0 && self.v0 <= o.v0 && self.u1 >= o.u1 && self.v1 >= o.v1
    }
    /// The smallest whole-pixel rectangle around it, kept on the page.
    pub fn rect(&self, width: i32, height: i32) -> crate::model::Rect {
        let x0 = (self.u0.floor() as i32).clamp(0, width);
        let y0 = (self.v0.floor() as i32).clamp(0, height);
        let x1 = (self.u1.ceil() as i32).clamp(x0, width);
        let y1 = (self.v1.ceil() as i32).clamp(y0, height);
        crate::model::Rect::new(x0, y0, x1, y1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let map = Map::new(1728, 1146, (204.0, 98.0), 0.015);
        for (x, y) in [(0.0, 0.0), (1727.0, 3.0), (800.0, 1145.0)] {
            let (u, v) = map.to_page(x, y);
            let (a, b) = map.to_native(u, v);
            assert!((a - x).abs() < 0.01 && (b - y).abs() < 0.01);
        }
        // A text line that falls by m comes out level.
        let slope = map.m * map.sx / map.sy;
        let a = map.to_page(100.0, 500.0).1;
        let b = map.to_page(1100.0, 500.0 + slope * 1000.0).1;
        assert!((a - b).abs() < 0.05);
    }
}

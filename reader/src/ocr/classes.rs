//! Which of the recogniser's classes count on a Japanese sheet, and which character each stands for.
//!
//! The models know some 18,700 characters, Chinese and emoji among them. Cutting them down to cp932 and a few more
//! costs nothing where the model was right and turns many of its wrong answers into right ones.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// Kept beside cp932: what the model writes for ・, bullets, dashes, small figures and boxes that forms carry.
const EXTRA: &str = "·•—–〜⁻²³⁴☑☐✓✔髙﨑";

/// Chinese and old forms that a Japanese sheet does not mean, with the form that it does: the model has learnt them
/// from other languages and prefers them at random. Old forms that live on in names (髙 﨑 邊 邉 澤 …) are not here.
const VARIANTS: &str = "每毎 查査 內内 歷歴 悅悦 錄録 黑黒 压圧 單単 单単 帶帯 带帯 \
    眞真 锭錠 樣様 頰頬 疗療 产産 药薬 门門 问問 间間 关関 诊診 \
    终終 给給 级級 约約 红紅 纪紀 组組 细細 经経 统統 维維 线線 \
    练練 绍紹 络絡 绝絶 续続 综総 缓緩 编編 缩縮 绪緒 见見 观観 \
    规規 视視 觉覚 计計 订訂 认認 让譲 议議 记記 许許 论論 设設 \
    访訪 证証 评評 识識 诉訴 词詞 试試 话話 询詢 该該 详詳 语語 \
    误誤 说説 请請 诸諸 读読 课課 调調 谈談 谢謝 负負 财財 责責 \
    败敗 货貨 质質 购購 贵貴 费費 资資 车車 转転 轮輪 软軟 轻軽 \
    较較 输輸 达達 过過 运運 还還 进進 远遠 连連 适適 选選 邮郵 \
    铁鉄 银銀 锁鎖 长長 闭閉 阳陽 阴陰 际際 陈陳 难難 预預 领領 \
    题題 额額 频頻 颜顔 风風 饮飲 饭飯 饱飽 马馬 鱼魚 鸟鳥 齿歯 \
    龙竜 脑脳 肾腎 肿腫 脏臓 肠腸 疡瘍 损損 检検 测測 减減 \
    护護 报報 时時 术術 权権 极極 构構 样様 标標 树樹 \
    气気 汉漢 济済 满満 灭滅 热熱 环環 现現 电電 异異 确確 种種 \
    积積 稳穏 窗窓 简簡 节節 师師 应応 户戸 废廃 强強 态態 总総 \
    恶悪 战戦 扩拡 换換 传伝 伤傷 价価 优優 众衆 伞傘 侧側 \
    偿償 兴興 军軍 农農 决決 况況 净浄 刘劉 则則 刚剛 \
    创創 别別 剂剤 剑剣 办弁 务務 动動 劳労 势勢 华華 协協 卖売 \
    卫衛 厅庁 历歴 县県 发発 变変 员員 响響 图図 团団 围囲 园園 \
    圆円 场場 坏壊 块塊 坚堅 处処 备備 复復 头頭 夹挟 奖奨 妇婦 \
    娱娯 孙孫 宁寧 实実 宽寛 对対 导導 层層 岁歳 岛島 币幣 广広 \
    庆慶 库庫 张張 归帰 录録 忆憶 惊驚 惯慣 愤憤 执執 扫掃 抚撫 \
    拟擬 择択 挥揮 摄摂 敌敵 显顕 晓暁 暂暫 杨楊 樱桜 欢歓 \
    毕畢 沟溝 泽沢 洁潔 浓濃 涂塗 润潤 涨漲 滚滾 滤濾 \
    灵霊 烧焼 爱愛 牵牽 犹猶 玛瑪 疮瘡 疯瘋 皱皺 盐塩 监監 \
    盖蓋 盘盤 矿鉱 码碼 础礎 硕碩 祸禍 离離 秃禿 稣蘇 穷窮 竞競 \
    笔筆 类類 粪糞 紧緊 纤繊 纯純 纱紗 纲綱 纳納 纵縦 \
    纷紛 纸紙 纹紋 纺紡 织織 绅紳 绘絵 绕繞 绿緑 缔締 缘縁 缝縫 \
    值値 敎教 靑青 淸清 橫横 戶戸 綠緑 郞郎 德徳 增増 槪概 步歩 \
    硏研 產産 顏顔 說説 稅税 脫脱 銳鋭 溫温 衞衛 徵徴 爲為 僞偽 \
    晚晩 閱閲 緖緒 鷄鶏 從従 收収 經経 痹痺 瘘瘻 诺諾 尔爾 兰蘭 \
    罗羅 肤膚 缬纈 呕嘔 颈頸 伦倫 贫貧 阶階 队隊 隐隠 险険 须須 \
    顺順 骑騎 骚騒 鲁魯 鲜鮮 两両 严厳 临臨 为為 义義 习習 书書 \
    买買 亚亜 亲親 亿億 仅僅 仓倉 仪儀 伪偽 债債 倾傾 储儲 兽獣 \
    养養 册冊 冻凍 击撃 剧劇 劝勧 勋勲";

/// One class that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    pub index: u32,
    /// The character that it stands for.
    pub ch: char,
    /// The same for all widths of a character and all dashes: classes with one key are no rivals of each other.
    pub key: char,
}

/// For each class of the model: the character that it stands for, or none where it is cut.
#[derive(Debug, Clone)]
pub struct Classes {
    /// In the model's order, without blank and space.
    pub kept: Vec<Class>,
    /// Class of the space, where the model has one; it counts as blank.
    pub space: Option<u32>,
    /// Number of classes that the model gives for each frame.
    pub count: usize,
}

impl Classes {
    /// `listed`: the model's `character` metadata, one a line; class 0 is the CTC blank, and one class more than
    /// listed is the space.
    pub fn new(listed: &str, count: usize) -> Self {
        let fold = variants();
        let mut kept = Vec::new();
        let mut lines = 0u32;
        for (i, line) in listed.split('\n').enumerate() {
            lines = i as u32 + 1;
            let mut chars = line.chars();
            let (Some(c), None) = (chars.next(), chars.next()) else { continue };
            let c = fold.get(&c).copied().unwrap_or(c);
            if keeps(c) {
                kept.push(Class { index: lines, ch: shown(c), key: key(shown(c)) });
            }
        }
        let space = (lines as usize + 1 < count).then_some(lines + 1);
        kept.retain(|c| (c.index as usize) < count);
        Self { kept, space, count }
    }

    /// The classes that count, blank first and space last: what a model is cut down to.
    pub fn indices(&self) -> Vec<usize> {
        let kept = self.kept.iter().map(|c| c.index as usize);
        std::iter::once(0).chain(kept).chain(self.space.map(|s| s as usize)).collect()
    }

    /// The same for a model that was cut down to [`Classes::indices`].
    pub fn renumbered(mut self) -> Self {
        for (class, index) in self.kept.iter_mut().zip(1..) {
            class.index = index;
        }
        let next = self.kept.len() + 1;
        self.count = next + usize::from(self.space.is_some());
        self.space = self.space.map(|_| next as u32);
        self
    }
}

fn variants() -> HashMap<char, char> {
    VARIANTS
        .split_whitespace()
        .filter_map(|pair| {
            let mut c = pair.chars();
            Some((c.next()?, c.next()?))
        })
        .filter(|(from, to)| from != to)
        .collect()
}

fn keeps(c: char) -> bool {
    if c.is_whitespace() || c.is_control() {
        return false;
    }
    let mut buffer = [0u8; 4];
    EXTRA.contains(c) || !encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut buffer)).2
}

/// NFKC where that is one character; all dashes that are no long vowel become `-`.
pub fn key(c: char) -> char {
    let mut forms = std::iter::once(c).nfkc();
    let one = match (forms.next(), forms.next()) {
        (Some(one), None) => one,
        _ => c,
    };
    match one {
        '‐' | '‑' | '–' | '—' | '―' | '−' | '⁻' => '-',
        '〜' => '~',
        one => one,
    }
}

/// The model writes the Japanese middle dot as U+00B7 and U+2022.
fn shown(c: char) -> char {
    match c {
        '·' | '•' => '・',
        _ => c,
    }
}

/// Characters that values of fields are made of: their rivals are kept however improbable they are.
pub fn fields_need(c: char) -> bool {
    matches!(c,
        '0'..='9' | '０'..='９' | 'A'..='Z' | 'Ａ'..='Ｚ' | 'ァ'..='ヺ' | 'ｦ'..='ﾟ' | 'ー' | '一' | '-' | '－' | '−' | '―'
        | '/' | '.' | ',' | ':' | '(' | ')' | '（' | '）' | '／' | '．' | '：' | '・' | '〒'
        | '年' | '月' | '日' | '時' | '分' | '元' | '明' | '治' | '大' | '正' | '昭' | '和' | '平' | '成' | '令' | '生'
        | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '男' | '女' | '口' | '曰' | '白' | '目')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_cut_folded_and_numbered() {
        let c = Classes::new("!\n每\n毎\n🚨\n·\n髙\n﨑\n邊", 10);
        let kept: String = c.kept.iter().map(|k| k.ch).collect();
        assert_eq!(kept, "!毎毎・髙﨑邊");
        assert_eq!(c.kept.iter().map(|k| k.index).collect::<Vec<_>>(), [1, 2, 3, 5, 6, 7, 8]);
        assert_eq!(c.space, Some(9));
        assert_eq!(Classes::new("a\nb", 3).space, None);
        assert_eq!(c.indices(), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
        let cut = c.renumbered();
        assert_eq!(cut.kept.iter().map(|k| k.index).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!((cut.space, cut.count), (Some(8), 9));
    }

    #[test]
    fn widths_and_dashes_share_a_key() {
        assert_eq!([key('１'), key('－'), key('—'), key('ｱ'), key('ー'), key('①')], ['1', '-', '-', 'ア', 'ー', '1']);
        assert_eq!(key('ﾞ'), '\u{3099}');
    }

    #[test]
    fn variants_lead_into_cp932_and_never_out_of_themselves() {
        let v = variants();
        for (from, to) in &v {
            assert!(keeps(*to), "{from} leads to {to}, which is cut");
            assert!(!v.contains_key(to), "{from} leads to {to}, which is itself folded");
        }
    }
}

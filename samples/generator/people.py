"""Fictional people, addresses and numbers. Names are common Japanese ones joined at random; street numbers,
telephone numbers and insurance numbers are made up (they only keep the form, and the check digit where there is one)."""

FAMILY = """佐藤サトウ 鈴木スズキ 高橋タカハシ 髙橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 渡邉ワタナベ 渡邊ワタナベ 山本ヤマモト 中村ナカムラ 小林コバヤシ
加藤カトウ 吉田ヨシダ 山田ヤマダ 佐々木ササキ 山口ヤマグチ 斎藤サイトウ 齋藤サイトウ 斉藤サイトウ 松本マツモト 井上イノウエ 木村キムラ 林ハヤシ 清水シミズ 山﨑ヤマザキ 山崎ヤマザキ
森モリ 池田イケダ 橋本ハシモト 阿部アベ 石川イシカワ 山下ヤマシタ 中島ナカジマ 石井イシイ 小川オガワ 前田マエダ 岡田オカダ 長谷川ハセガワ 藤田フジタ 後藤ゴトウ 近藤コンドウ
村上ムラカミ 遠藤エンドウ 青木アオキ 坂本サカモト 福田フクダ 太田オオタ 西村ニシムラ 藤井フジイ 岡本オカモト 藤原フジワラ 三浦ミウラ 中野ナカノ 中川ナカガワ 原田ハラダ 竹内タケウチ
小野オノ 田村タムラ 和田ワダ 石田イシダ 上野ウエノ 森田モリタ 原ハラ 柴田シバタ 酒井サカイ 工藤クドウ 宮崎ミヤザキ 内田ウチダ 高木タカギ 安藤アンドウ 大塚オオツカ 谷口タニグチ
今村イマムラ 丸尾マルオ 武田タケダ 村田ムラタ 杉本スギモト 増田マスダ 小島コジマ 小山コヤマ 大島オオシマ 平野ヒラノ 千葉チバ 桜井サクライ 久保クボ 松井マツイ 岩崎イワサキ
野村ノムラ 木下キノシタ 菊池キクチ 佐野サノ 大西オオニシ 新田ニッタ 古川フルカワ 浜田ハマダ 市川イチカワ 小松コマツ 水野ミズノ 吉川ヨシカワ 山内ヤマウチ 西田ニシダ 飯田イイダ
染谷ソメヤ 鏑木カブラキ 秋元アキモト 海野ウンノ 日暮ヒグラシ 成嶋ナルシマ 湯浅ユアサ 戸辺トベ 宇佐美ウサミ 小此木オコノギ 長妻ナガツマ 寺嶋テラシマ 増尾マスオ 勅使河原テシガワラ
一ノ瀬イチノセ 二宮ニノミヤ 三枝サエグサ 五十嵐イガラシ 八木ヤギ 九鬼クキ 乾イヌイ 辻ツジ 東アズマ 関セキ 柳ヤナギ 鎌田カマダ 江口エグチ 片桐カタギリ 土屋ツチヤ 大久保オオクボ"""
GIVEN_F = """和子カズコ 幸子サチコ 節子セツコ 文子フミコ 美代子ミヨコ 千代チヨ ハルハル トメトメ キヨキヨ 静江シズエ 富美子フミコ 八重子ヤエコ 弘子ヒロコ 洋子ヨウコ 恵子ケイコ 久美子クミコ
昭子アキコ 敏子トシコ 照子テルコ 信子ノブコ 佳代カヨ きぬキヌ サトサト 喜代子キヨコ 寿美スミ 登美子トミコ 多恵子タエコ 澄江スミエ 房江フサエ 貞子サダコ 律子リツコ 由紀子ユキコ
真理子マリコ 紀美枝キミエ 千鶴子チヅコ いちイチ ツルツル マサ子マサコ 榮子エイコ 悦子エツコ 朋美トモミ 智恵美チエミ 梢コズエ 葵アオイ"""
GIVEN_M = """正マサシ 清キヨシ 茂シゲル 実ミノル 進ススム 昭二ショウジ 正男マサオ 三郎サブロウ 義雄ヨシオ 武タケシ 一郎イチロウ 健一ケンイチ 誠マコト 博ヒロシ 和夫カズオ 幸雄ユキオ
貞夫サダオ 喜一キイチ 庄司ショウジ 辰雄タツオ 源次郎ゲンジロウ 寅吉トラキチ 善次ゼンジ 哲也テツヤ 隆タカシ 直樹ナオキ 大輔ダイスケ 啓介ケイスケ 伸一郎シンイチロウ 洋平ヨウヘイ
修オサム 勇イサム 広志ヒロシ 利夫トシオ 安治ヤスジ 亀次カメジ 栄治エイジ 昇ノボル 康弘ヤスヒロ 輝彦テルヒコ"""
STAFF = """麻衣マイ 彩アヤ 真由美マユミ 香織カオリ 美穂ミホ 裕子ユウコ 直美ナオミ 健太ケンタ 翔太ショウタ 達也タツヤ 雄一ユウイチ 英明ヒデアキ 淳ジュン 陽子ヨウコ 亜希子アキコ 佳奈カナ
俊介シュンスケ 圭吾ケイゴ 玲子レイコ 晴美ハルミ 慎也シンヤ 剛ツヨシ 理恵リエ 知子トモコ 典子ノリコ 浩ヒロシ 徹トオル 千夏チナツ"""


def _split(text):
    out = []
    for w in text.split():
        # the reading is the trailing run of katakana that is as long as it can be, but never the whole word
        i = len(w)
        while i > 1 and ("ァ" <= w[i - 1] <= "ヺ" or w[i - 1] == "ー"):
            i -= 1
        name, kana = w[:i], w[i:]
        if all("ァ" <= c <= "ヺ" or c == "ー" for c in w):  # a name in katakana: written twice
            name = kana = w[: len(w) // 2]
        out.append((name, kana))
    return out


FAMILIES, WOMEN, MEN, STAFFS = map(_split, (FAMILY, GIVEN_F, GIVEN_M, STAFF))

# prefecture, city, town, postal code, insurer code (5 digits of the municipality)
TOWNS = [tuple(line.split()) for line in """千葉県 柏市 柏 277-0005 12217
千葉県 柏市 旭町 277-0852 12217
千葉県 柏市 末広町 277-0842 12217
千葉県 柏市 豊四季 277-0863 12217
千葉県 柏市 若柴 277-0871 12217
千葉県 柏市 柏の葉 277-0882 12217
千葉県 柏市 松葉町 277-0827 12217
千葉県 柏市 根戸 277-0831 12217
千葉県 柏市 高田 277-0861 12217
千葉県 柏市 松ケ崎 277-0835 12217
千葉県 柏市 富里 277-0081 12217
千葉県 柏市 新柏 277-0084 12217
千葉県 柏市 今谷上町 277-0074 12217
千葉県 柏市 南増尾 277-0054 12217
千葉県 柏市 増尾 277-0033 12217
千葉県 柏市 藤心 277-0034 12217
千葉県 柏市 逆井 277-0042 12217
千葉県 柏市 つくしが丘 277-0072 12217
千葉県 柏市 東中新宿 277-0061 12217
千葉県 我孫子市 天王台 270-1143 12222
千葉県 我孫子市 本町 270-1151 12222
千葉県 流山市 南流山 270-0163 12220
千葉県 流山市 江戸川台東 270-0111 12220
千葉県 松戸市 新松戸 270-0034 12207
千葉県 松戸市 松戸 271-0092 12207
千葉県 野田市 野田 278-0037 12208
茨城県 取手市 取手 302-0004 08217
千葉県 鎌ケ谷市 初富 273-0121 12224
千葉県 印西市 大森 270-1327 12231
千葉県 白井市 根 270-1431 12232""".splitlines()]
BUILDINGS = ["メゾン若葉203", "コーポさくら 101号室", "グランドハイム1105", "第二みどり荘5", "県営住宅3-402", "サンライズ柏B棟712号", "ハイツ松風201"]
RELATIONS = [("長男", "m", True), ("長女", "f", False), ("次男", "m", True), ("次女", "f", False), ("妻", "f", True), ("夫", "m", True), ("甥", "m", False), ("姪", "f", False), ("長男の妻", "f", True), ("弟", "m", True), ("妹", "f", False), ("孫", "f", False)]


def person(rng, sex=None, staff=False, family=None):
    """(family, given, family kana, given kana, sex)"""
    sex = sex or rng.choice("mf")
    f = family or rng.choice(FAMILIES)
    pool = STAFFS if staff else (WOMEN if sex == "f" else MEN)
    g = rng.choice(pool)
    return (f[0], g[0], f[1], g[1], sex)


def phone(rng, mobile=None):
    if mobile if mobile is not None else rng.random() < 0.3:
        return f"0{rng.choice('789')}0-{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}"
    return f"04-71{rng.randint(10, 99)}-{rng.randint(0, 9999):04d}"


def insurer(code5):
    """Six digits: municipality and a check digit (weights 2 1 2 1 2, digits of the products added, ten's complement)."""
    s = sum(sum(map(int, str(int(c) * w))) for c, w in zip(code5, (2, 1, 2, 1, 2)))
    return code5 + str((10 - s % 10) % 10)


def address(rng, town):
    pref, city, name, post, _ = town
    k = rng.random()
    if k < 0.4:
        num = f"{rng.randint(1, 9)}-{rng.randint(1, 28)}-{rng.randint(1, 30)}"
    elif k < 0.6:
        num = f"{rng.randint(1, 9)}丁目{rng.randint(1, 28)}番{rng.randint(1, 30)}号"
    elif k < 0.8:
        num = f"{rng.randint(11, 1980)}-{rng.randint(1, 60)}"
    else:
        num = f"{rng.randint(11, 1980)}番地{rng.randint(1, 60)}"
    tail = " " + rng.choice(BUILDINGS) if rng.random() < 0.3 else ""
    return post, (pref if rng.random() < 0.6 else "") + city + name + num + tail

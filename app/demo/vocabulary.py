"""Words the demo is written with: brands, series, names, streets, remarks. All brands and communities are invented."""

BRANDS: dict[str, tuple[tuple[str, str], ...]] = {
    "home": (("木禾里", "Muheli"), ("净屿", "Jingyu"), ("小满灶台", "Xiaoman Hearth"), ("暖阁", "Nuange")),
    "food": (("山野谷仓", "Shanye Barn"), ("拾味铺", "Shiwei"), ("半日茶点", "Halfday")),
    "wear": (("素衣集", "Suyi"), ("北屿", "Beiyu"), ("慢棉", "Slow Cotton")),
    "pet": (("毛球星", "Furball Star"), ("汪喵里", "Wangmiao Lane")),
    "beauty": (("花间露", "Huajian Dew"), ("初雪研", "Chuxue Lab")),
    "tech": (("极光鹿", "Aurora Deer"), ("磁点", "Cidian")),
}

SERIES: dict[str, tuple[tuple[str, str], ...]] = {
    "home": (("北欧风", "Nordic"), ("日式", "Japanese-style"), ("国风", "Guofeng"), ("复古", "Retro")),
    "food": (("尝鲜装", "Taster"), ("家庭装", "Family"), ("礼盒装", "Gift box")),
    "wear": (("基础款", "Basic"), ("宽松版", "Relaxed"), ("秋冬款", "Winter"), ("联名款", "Collab")),
    "pet": (("亲选", "Choice"), ("升级版", "Plus"), ("低敏", "Hypoallergenic")),
    "beauty": (("轻享", "Light"), ("焕亮", "Radiance"), ("修护", "Repair")),
    "tech": (("青春版", "Lite"), ("旗舰版", "Pro"), ("第三代", "Gen 3")),
}


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Chinese and Latin spellings written as `王:Wang`."""
    return tuple((chinese, latin) for chinese, _, latin in (word.partition(":") for word in text.split()))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = _pairs("""
    王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 黄:Huang 赵:Zhao 吴:Wu 周:Zhou 徐:Xu
    孙:Sun 马:Ma 朱:Zhu 胡:Hu 郭:Guo 何:He 林:Lin 罗:Luo 郑:Zheng 梁:Liang 谢:Xie
    宋:Song 唐:Tang 许:Xu 韩:Han 邓:Deng 冯:Feng 曹:Cao 彭:Peng 欧阳:Ouyang 司徒:Situ
""")

GIVEN_NAMES = _pairs("""
    梓涵:Zihan 雨桐:Yutong 浩然:Haoran 子轩:Zixuan 佳怡:Jiayi 思远:Siyuan 晓燕:Xiaoyan
    建国:Jianguo 丽娟:Lijuan 志强:Zhiqiang 秀英:Xiuying 明:Ming 静:Jing 磊:Lei 敏:Min
    洋:Yang 婷:Ting 涛:Tao 欣妍:Xinyan 俊杰:Junjie 文博:Wenbo 若曦:Ruoxi 嘉豪:Jiahao
    慧玲:Huiling 海波:Haibo 春梅:Chunmei 一诺:Yinuo 宇航:Yuhang 可馨:Kexin 国栋:Guodong
""")

# Not in GBK: only UTF-8 and the four-byte forms of GB18030 carry them.
RARE_GIVEN_NAMES = (("䶮", "Yan"), ("𠅤", "Xuan"), ("㛃", "Jie"))

FOREIGN_NAMES = ("Emma Clarke", "Lucas Meyer", "Sofia Rossi", "Noah Tanaka", "Olivia Brooks", "Daniel Novak")

ROADS = _words(
    """
    人民路 中山路 解放路 建设路 文化路 新华路 长江路 学府路 科技大道 滨河路 和平街
    迎宾大道 育才路 青年路 团结路 世纪大道 朝阳街 花园路 幸福路 环城东路
    """
)

COMMUNITIES = _words(
    """
    云栖雅苑 锦绣家园 阳光新城 翠湖花园 书香名邸 桂语江南 金色港湾 枫林小区 望江府
    星河湾公寓 梧桐里 橡树园 清风苑 紫藤居 东篱小区
    """
)

OFFICES = ("创新大厦", "数码港", "商务中心", "电商产业园", "软件园二期", "财富广场")

# (buyer's remark 备注, the seller's flag 旗帜 that goes with it)
REMARKS = (
    ("请尽快发货，谢谢", ""),
    ("送人的，请不要放价格单", "RED"),
    ("麻烦检查好再发，上次有破损", "YELLOW"),
    ("周末在家，工作日请放驿站", ""),
    ('生日礼物,请附一张"生日快乐"贺卡', "RED"),
    ("发顺丰，运费差价已补", "BLUE"),
    ("地址是公司，请周一到周五派送", ""),
    ("放门口快递柜，不要打电话", ""),
    ("和上一单一起发", "GREEN"),
    ("需要发票，抬头稍后发客服", "BLUE"),
    ("Please call before delivery", ""),
    ("有赠品吗？要粉色的", "PURPLE"),
    ("老客户，多送点试用装吧", "PURPLE"),
    ("不要发圆通", "YELLOW"),
)

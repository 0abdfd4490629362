"""Names for a floor: frequent Chinese surnames and given names, each pair once."""

from random import Random

SURNAMES = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹",
    *"彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金",
)
GIVEN_NAMES = (
    *"芳娜敏静丽艳娟霞燕玲婷慧莹雪琳洁颖倩蕾薇伟强磊军洋勇杰涛超鹏斌波辉刚健凯浩亮宇鑫",
    *("秀英", "桂英", "秀兰", "建华", "建国", "志强", "海燕", "晓燕", "春梅", "红梅", "雪梅", "丽娟", "丽华"),
    *("玉兰", "淑珍", "文静", "思雨", "雨桐", "梓涵", "欣怡", "佳怡", "诗涵", "子轩", "浩然", "俊杰", "志伟"),
    *("建平", "国强", "晓东", "海涛", "文斌", "天宇", "宇航", "明辉", "嘉琪", "梦婷", "雅婷", "晓琳", "佳佳"),
    *("婷婷", "小红", "冬梅", "秋菊", "立新", "永强", "德华", "家豪", "一鸣", "乐瑶", "若曦"),
)


def names(count: int, seed: int) -> list[str]:
    """`count` different names; beyond the pairs there are, they come again with a number."""
    pairs = [surname + given for given in GIVEN_NAMES for surname in SURNAMES]
    Random(f"names {seed}").shuffle(pairs)
    pairs.remove("王芳")
    pairs.insert(0, "王芳")
    return [pairs[n % len(pairs)] + ("" if n < len(pairs) else str(n // len(pairs) + 1)) for n in range(count)]

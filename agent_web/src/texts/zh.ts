// Every Chinese word of the pages. `en.ts` has the same keys: the type checker sees to it.

import type { Look } from "../floor/agents";
import type { Sort } from "../floor/arrange";

const looks: Record<Look, string> = {
  on_call: "通话",
  other_call: "其他通话",
  ringing: "振铃",
  wrap_up: "话后",
  available: "空闲",
  unobserved: "未观测",
  paused: "示忙",
  exempt: "示忙",
  unreachable: "失联",
  signed_out: "签出",
};

const sorts: Record<Sort, string> = { state: "按状态", longest: "停留最久", name: "按姓名" };

const services: Record<string, string> = {
  savings: "零存整取",
  overdraft: "超支还款",
  leave: "事假时长",
  overtime: "个人理财",
  interest: "加班利息",
  gift: "时间红包",
  offset: "无息贷款",
  idle_leave: "闲日事假",
  idle_offset: "无息贷款",
  leave_taken: "转考勤",
  idle_taken: "转考勤",
  withdrawal: "现金取款",
  reservation: "预留",
  correction: "更正",
};

/** Of a line whose facts say no more, what it is for. */
const purposes: Record<string, string> = {
  idle_leave: "在闲日请了事假，作为无息贷款记账，可用余额抵扣。",
  offset: "用余额抵扣了当日的事假时长。",
  idle_offset: "用余额抵扣了闲日的事假，贷款已还。",
  leave_taken: "当月考勤已结，未抵扣的事假转入考勤。",
  idle_taken: "当月考勤已结，未抵扣的事假转入考勤。",
};

/** Of a day off: what is held of the balance for it, and what comes back. */
const daysOff = { held: "为当日调休预留；未用的会退回。", back: "当日调休未用，退回。" };

/** By the title that the server gives; of others it says the detail. */
const refusals: Record<string, string> = {
  "Not allowed": "无权查看",
  "Not understood": "页面与服务器的版本不一致，请刷新",
  "Signed out": "登录已结束",
  "No subscription": "页面没有及时说明要看什么",
};

export const zh = {
  locale: "zh-CN",
  duration: { hours: "时", minutes: "分", seconds: "秒" },
  looks,
  sorts,
  services,
  purposes,
  daysOff,
  /** Said after the state's word where a pause costs nothing. */
  exempt: "免计",
  personal: "个人",
  list: "、",

  signIn: {
    title: "登录时间银行",
    heading: "登录",
    name: "用户名",
    password: "密码",
    submit: "登录",
    busy: "正在登录…",
    wrong: "用户名或密码不对",
    wait: (s: number) => `尝试过多，请等 ${s} 秒`,
    unreachable: "连不上服务器，请检查网络后重试",
    unavailable: "服务器暂时无法处理，请稍后再试",
    failed: (detail: string) => `没有成功：${detail}`,
    notSignedOut: "服务器没有应答，可能尚未退出。如是公用电脑，请恢复连接后再退出一次。",
    expired: "登录已过期，请重新登录",
  },
  look: {
    language: "English",
    theme: { system: "跟随系统", light: "浅色", dark: "深色" },
    themeNow: (theme: string) => `外观：${theme}`,
    signOut: "退出",
  },
  live: {
    connecting: "正在连接",
    live: "实时",
    catching_up: "正在追平",
    stale: (age: string) => `已滞后 ${age}`,
    lostConnection: (age: string) => `连接已断开。以下是 ${age}前的画面，正在自动重连。`,
    lostSwitch: (pbx: string, age: string) => `${pbx} 已有 ${age}没有消息。画面可能不是最新的。`,
    refused: (why: string) => `服务器中止了实时连接：${why}`,
    refusals,
  },
  start: { loading: "正在载入", failed: "连不上服务器，正在重试", noRight: "这个账号没有可看的页面" },

  board: {
    title: "现场",
    counts: "各状态人数",
    canTake: "可接来电",
    waiting: (n: number): string => (n === 0 ? "无人等待" : "位客户在等"),
    longest: "最久",
    queues: "各队列",
    search: "姓名、工号",
    team: "班组",
    allTeams: "全部班组",
    onlyPaused: "只看示忙",
    nearLimit: "临近超时",
    nearLimitHint: "示忙时长达到提醒线的八成，或今日额度将用完",
    sort: "排序",
    view: "显示方式",
    tiles: "卡片",
    rows: "列表",
    held: "指针停留，暂不排序",
    agents: "座席",
    team_line: (members: number, paused: number) => `${members} 人 · 示忙 ${paused}`,
    aux_ratio: (percent: string) => `反向工时 ${percent} %`,
    left: (duration: string) => `余 ${duration}`,
    over: (duration: string) => `超 ${duration}`,
    empty: "您的班组里还没有座席",
    emptyHint: "座席首次签入，或写入花名册后，会出现在这里。",
    none: "没有符合条件的座席",
    showAll: "显示全部",
    columns: {
      state: "状态",
      name: "姓名",
      id: "工号",
      team: "班组",
      time: "时长",
      aux: "今日反向工时",
      calls: "接听",
      missed: "未接",
      pauses: "示忙次数",
    },
  },
  panel: {
    close: "关闭",
    since: (time: string) => `自 ${time} 起`,
    today: "今日",
    used: "已用反向工时",
    allowance: "额度",
    left: "今日还可用",
    over: "已超出",
    base: "计入基数",
    sign_ins: "签入",
    sign_outs: "签出",
    pauses: "示忙",
    offered: "振铃来电",
    answered: "接听",
    missed: "未接",
    gone: "这位座席已不在名单中",
    times: (n: number) => `${n} 次`,
    late: (threshold: string) => `已超过提醒线 ${threshold}`,
    unreachable: "话机失联，接不到来电",
  },

  me: {
    title: "我的时间",
    since: (time: string) => `自 ${time} 起`,
    left: "今日还可用",
    over: "今日已超出",
    allowance: (allowance: string, used: string) => `额度\u00a0${allowance}\u00a0· 已用\u00a0${used}`,
    exemptNow: "这段示忙不占额度",
    notSeen: "今天还没有您的签入记录",
    nudgeLeft: (left: string) => `今日额度还剩 ${left}`,
    nudgePause: (long: string) => `您已示忙 ${long}，是否忘了解除？`,
    nudgeOk: "知道了",
    projectDeposit: "到现在为止会存入",
    projectOverdraft: "到现在为止会扣除",
    projectLeave: (leave: string) => `其中 ${leave}余额不足，会记为事假`,
    projectNothing: "到现在为止不存也不扣",
    projectWhy: (base: string, rate: string, allowance: string, aux: string) =>
      `已计入 ${base}，其 ${rate} 是 ${allowance}；已用 ${aux}。签入越久，额度越多。`,
    balance: "余额",
    buys: "够换",
    buysDays: (days: number, half: boolean) =>
      days === 0 ? "半天调休" : half ? `${days} 天半调休` : `${days} 天调休`,
    buysNothing: "还不够半天",
    toHalfDay: (missing: string) => `再存 ${missing}就够半天`,
    toNext: (missing: string, half: boolean) => `再存 ${missing}够${half ? "再加半天" : "满一天"}`,
    accounts: "其中",
    account: {
      savings: "零存整取",
      gift: "时间红包",
      interest: "利息",
      overtime: "个人理财",
      reserved: "已预留",
      leave: "事假时长",
    },
    statement: "收支明细",
    noLines: "还没有明细。每天结束后，当天的结算会记在这里。",
    more: "更早的明细",
    failed: "明细没有取到",
    retry: "重试",
    balanceAfter: (balance: string) => `余额 ${balance}`,
    leave: (leave: string) => `事假 ${leave}`,
  },
  overtime: {
    title: (level: string) => `应急加班 · ${level} 级`,
    worked: "已计入的加班",
    interest: (rate: string, interest: string) => `利息 ${rate}：${interest}`,
    byHand: "本班组的加班由人工录入",
    stands: "现在不计时。",
    until: (time: string) => `最迟到 ${time}`,
  },
  facts: {
    overtime: (level: string, worked: string, rate: string, interest: string) =>
      `${level} 级应急：加班 ${worked}，利息 ${rate} 是 ${interest}。`,
    entered: (span: string) => `其中 ${span} 由人工录入。`,
    noOvertime: "更正后，当日没有加班。",
    deposit: (base: string, rate: string, allowance: string, aux: string, kept: string) =>
      `计入 ${base}，其 ${rate} 是额度 ${allowance}；用了 ${aux}，省下 ${kept}。`,
    nothingKept: (base: string, rate: string, allowance: string, aux: string) =>
      `计入 ${base}，其 ${rate} 是额度 ${allowance}；用了 ${aux}，没有省下。`,
    overdraft: (aux: string, base: string, rate: string, allowance: string, over: string) =>
      `用了 ${aux}；计入 ${base}，其 ${rate} 是额度 ${allowance}；超支 ${over}。`,
    overdraftBeyond: (
      aux: string,
      base: string,
      rate: string,
      allowance: string,
      beyond: string,
      over: string,
    ) => `用了 ${aux}；计入 ${base}，其 ${rate} 是额度 ${allowance}，放宽到 ${beyond}；超支 ${over}。`,
    unobserved: (span: string) => `有 ${span}没有观测到，这段时间不作扣减。`,
    covered: (covered: string) => `从余额扣 ${covered}。`,
    asLeave: (leave: string) => `余额不足的 ${leave}记为事假。`,
    leaveLess: (leave: string) => `事假减少 ${leave}。`,
    writtenOff: (span: string) => `该月已结账，余额不足的 ${span}免扣。`,
    madeUp: (span: string) => `多出的时长中，${span}先抵先前的免扣。`,
    revision: (now: string, before: string) => `更正：重新核算应为 ${now}，先前已记 ${before}，这里补差额。`,
  },
};

export type Texts = typeof zh;

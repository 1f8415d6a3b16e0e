import type { Rule, RuleDraft, RuleSet } from '../../api/staff'

/** One rule as it is edited: everything as typed, lists with commas between. */
export interface RuleForm {
  id: string
  priority: string
  body: string
  categories: string
  units: string
  layer: string
  within_m: string
  road_classes: string
  weekdays: string
  hour_from: string
  hour_to: string
  valid_from: string
  valid_to: string
  outside: boolean
}

export type RuleField = keyof RuleForm

export const NEW_RULE: RuleForm = {
  id: '',
  priority: '100',
  body: '',
  categories: '',
  units: '',
  layer: '',
  within_m: '',
  road_classes: '',
  weekdays: '',
  hour_from: '',
  hour_to: '',
  valid_from: '',
  valid_to: '',
  outside: false
}

const joined = (values: readonly (string | number)[] | null): string => (values ?? []).join(', ')

export function formOfRule(rule: Rule): RuleForm {
  return {
    id: rule.id,
    priority: String(rule.priority),
    body: rule.body,
    categories: joined(rule.categories),
    units: joined(rule.units),
    layer: rule.layer ?? '',
    within_m: rule.within_m === 0 ? '' : String(rule.within_m),
    road_classes: joined(rule.road_classes),
    weekdays: joined(rule.weekdays),
    hour_from: rule.hours?.[0] ?? '',
    hour_to: rule.hours?.[1] ?? '',
    valid_from: rule.valid_from ?? '',
    valid_to: rule.valid_to ?? '',
    outside: rule.outside
  }
}

function list(text: string): string[] | null {
  const values = text.split(/[,;\s]+/).filter((value) => value !== '')
  return values.length > 0 ? values : null
}

// What is no number is sent as it was typed: the door says what is wrong with it, at its field.
const numeric = (text: string): number => (text.trim() === '' ? 0 : (Number(text) || text)) as number
const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

export function ruleOfForm(form: RuleForm): Rule {
  const hours = form.hour_from === '' && form.hour_to === '' ? null : ([form.hour_from, form.hour_to] as [string, string])
  return {
    id: form.id.trim(),
    priority: numeric(form.priority),
    body: form.body,
    categories: list(form.categories),
    units: list(form.units),
    layer: orNull(form.layer),
    within_m: numeric(form.within_m),
    road_classes: list(form.road_classes),
    weekdays: list(form.weekdays)?.map(numeric) ?? null,
    hours,
    valid_from: orNull(form.valid_from),
    valid_to: orNull(form.valid_to),
    outside: form.outside
  }
}

export function draftOf(set: RuleSet, forms: readonly RuleForm[], note: string): RuleDraft {
  return { based_on: set.version, note, overlap: set.overlap, bodies: set.bodies, rules: forms.map(ruleOfForm) }
}

/** Where a door's complaint belongs: the rule and, where it says so, the field. `rules[3].hours` → 3, hour_from. */
export function faultPlace(
  parameter: string | null,
  words: string,
  forms: readonly RuleForm[]
): { rule: number; field: RuleField | null } | null {
  const [, index, name] = /^rules\[(\d+)\](?:\.(\w+))?/.exec(parameter ?? '') ?? []
  if (index !== undefined) {
    const field = name === 'hours' ? 'hour_from' : name
    return { rule: Number(index), field: field !== undefined && Object.hasOwn(NEW_RULE, field) ? (field as RuleField) : null }
  }
  // Faults of the whole set name the rule between quotation marks.
  const rule = forms.findIndex(({ id }) => id !== '' && (words.includes(`«${id}»`) || words.includes(`'${id}'`)))
  return rule >= 0 ? { rule, field: null } : null
}

-- titre: Le solde de ce que le recalage écarte, par règle
-- title: The balance of what alignment drops, by rule
-- définition: le sol artificialisé qui vient (gained) et s'en va (lost) par les différences de
--   chaque verdict ; net est leur différence, gross leur somme. Une règle d'écart qui ne penche
--   d'aucun côté a un net petit auprès de son gross.
-- definition: the artificialised ground that comes (gained) and goes (lost) by the differences
--   that each verdict stands for; net is their difference, gross their sum. A rule of noise
--   that does not lean to one side has a net that is small beside its gross.
-- source: Millésime
-- subject: OCS GE
-- unit: m²
-- columns: of, commune, name, departement, year_before, year_after, verdict, gained_m2,
--   lost_m2, net_m2, gross_m2
WITH sums AS (
  SELECT
    of, commune, name, departement, year_before, year_after, verdict,
    SUM(CASE WHEN is_changed AND final_before = false AND final_after = true
             THEN area_half_cm2 ELSE 0 END) AS gained,
    SUM(CASE WHEN is_changed AND final_before = true AND final_after = false
             THEN area_half_cm2 ELSE 0 END) AS lost
  FROM judged
  GROUP BY of, commune, name, departement, year_before, year_after, verdict
)
SELECT
  of, commune, name, departement, year_before, year_after, verdict,
  gained AS gained_half_cm2, lost AS lost_half_cm2,
  gained - lost AS net_half_cm2, gained + lost AS gross_half_cm2
FROM sums
ORDER BY of, departement, commune, year_before, year_after, verdict

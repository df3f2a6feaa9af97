-- titre: Flux par cause
-- title: Fluxes by cause
-- définition: part de chaque flux qui est changement du terrain, changement de nomenclature,
--   effet de seuil, ou terrain entré dans les données ou sorti d'elles ; `ground` est tout le
--   terrain de cette cause, que son statut change ou non.
-- definition: how much of each flux is change of the ground, change of the nomenclature, effect
--   of the thresholds, or ground that came into or out of view; `ground` is all ground of that
--   cause, whether its status moved or not.
-- source: article R.101-1 of the code de l'urbanisme; the causes are ours
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, cause, ground_m2,
--   artificialised_m2, desartificialised_m2
SELECT
  series, commune, departement, year_before, year_after, cause,
  SUM(area_half_cm2) AS ground_half_cm2,
  SUM(CASE WHEN final_before = false AND final_after = true THEN area_half_cm2 ELSE 0 END)
    AS artificialised_half_cm2,
  SUM(CASE WHEN final_before = true AND final_after = false THEN area_half_cm2 ELSE 0 END)
    AS desartificialised_half_cm2
FROM ledger
GROUP BY series, commune, departement, year_before, year_after, cause
ORDER BY series, departement, commune, year_before, year_after, cause

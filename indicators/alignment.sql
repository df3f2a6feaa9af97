-- titre: Ce que le recalage fait des différences entre deux millésimes, par transition
-- title: What alignment made of the differences between two vintages, by transition
-- définition: changed est le sol dont les codes changent dans la série recalée (`of`) ; kept
--   est la part qui change aussi dans la série recalée, noise la part jugée écart géométrique
--   par la règle que dit `verdict`, returned la part qui ne fait que défaire un écart antérieur
--   : kept + noise + returned = changed. added est le sol qui ne change que dans la série
--   recalée : changements reconnus plus tard, et ce que l'écart laisse au bord d'un changement.
--   gained et lost sont le sol artificialisé qui vient et s'en va par le sol changé.
-- definition: changed is the ground whose codes change in the series that was aligned (`of`);
--   kept is the part of it that changes in the aligned series too, noise the part judged noise
--   by the rule that `verdict` names, returned the part that only undoes an earlier noise: kept
--   + noise + returned = changed. added is ground that changes in the aligned series alone:
--   changes recognised late, and what noise leaves beside a change (remainder). gained and lost
--   are the artificialised ground that comes and goes by the changed ground. Verdicts:
--   docs/alignment.md.
-- source: Millésime; minimum units and widths of the OCS GE specification
-- subject: OCS GE
-- unit: m²
-- columns: of, commune, name, departement, year_before, year_after, cs_before, us_before,
--   cs_after, us_after, verdict, changed_m2, kept_m2, noise_m2, returned_m2, added_m2,
--   gained_m2, lost_m2
SELECT
  a.of, a.commune, a.name, a.departement, a.year_before, a.year_after,
  a.cs_before, a.us_before, a.cs_after, a.us_after, a.verdict,
  SUM(CASE WHEN a.is_changed THEN a.area_half_cm2 ELSE 0 END) AS changed_half_cm2,
  SUM(CASE WHEN a.is_changed AND a.is_kept THEN a.area_half_cm2 ELSE 0 END) AS kept_half_cm2,
  SUM(CASE WHEN a.is_changed AND a.is_noise THEN a.area_half_cm2 ELSE 0 END) AS noise_half_cm2,
  SUM(CASE WHEN a.is_changed AND a.is_kept = false AND a.is_noise = false
           THEN a.area_half_cm2 ELSE 0 END) AS returned_half_cm2,
  SUM(CASE WHEN a.is_changed = false THEN a.area_half_cm2 ELSE 0 END) AS added_half_cm2,
  SUM(CASE WHEN a.is_changed AND a.final_before = false AND a.final_after = true
           THEN a.area_half_cm2 ELSE 0 END) AS gained_half_cm2,
  SUM(CASE WHEN a.is_changed AND a.final_before = true AND a.final_after = false
           THEN a.area_half_cm2 ELSE 0 END) AS lost_half_cm2
FROM judged AS a
GROUP BY
  a.of, a.commune, a.name, a.departement, a.year_before, a.year_after,
  a.cs_before, a.us_before, a.cs_after, a.us_after, a.verdict
ORDER BY
  a.of, a.departement, a.commune, a.year_before, a.year_after,
  a.cs_before, a.us_before, a.cs_after, a.us_after, a.verdict

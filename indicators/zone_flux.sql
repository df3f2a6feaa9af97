-- titre: Artificialisation de chaque zone
-- title: Artificialisation of every zone
-- définition: les flux de chaque zone de chaque couche croisée (une friche, un périmètre, une zone d'un
--   document d'urbanisme), par département et période.
-- definition: the fluxes of every zone of every crossed layer (a friche, a perimeter, a zone of a
--   planning document), by département and period.
-- source: les couches de [[crossings]] ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: crossed_ledger
-- unit: m²
-- columns: series, crossing, zone, zone_kind, zone_name, departement, year_before, year_after,
--   artificialised_m2, desartificialised_m2, net_m2, revealed_m2
WITH sums AS (
  SELECT
    series, crossing, zone, zone_kind, zone_name, departement, year_before, year_after,
    SUM(CASE WHEN final_before = false AND final_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN final_before = true AND final_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN final_before IS NULL AND final_after = true THEN area_half_cm2
             WHEN final_before = true AND final_after IS NULL THEN -area_half_cm2
             ELSE 0 END) AS revealed
  FROM crossed_ledger
  WHERE zone IS NOT NULL
  GROUP BY series, crossing, zone, zone_kind, zone_name, departement, year_before, year_after
)
SELECT
  series, crossing, zone, zone_kind, zone_name, departement, year_before, year_after,
  gained AS artificialised_half_cm2,
  lost AS desartificialised_half_cm2,
  gained - lost AS net_half_cm2,
  revealed AS revealed_half_cm2
FROM sums
ORDER BY series, crossing, zone, zone_kind, zone_name, departement, year_before, year_after
